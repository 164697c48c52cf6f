import type { Socket } from 'node:net';
import { receiptFrame } from '#adapters/stomp-server/answers.js';
import type { FrameHead } from '#adapters/stomp-server/frame-head.js';
import type { StompVersion } from '#adapters/stomp-server/frame.js';
import { clientCommands, serverCommands, stompVersions } from '#adapters/stomp-server/frame.js';
import { createAcknowledgements } from './acknowledgements.js';
import { toBytes } from './frame-bytes.js';
import type { Lane, LaneOptions } from './lane.js';
import { createLane } from './lane.js';
import type { KeptFrame, LaneSide } from './lane-place.js';
import type { SeenFrame } from './seen-frame.js';
import { toSeenFrame } from './seen-frame.js';

/** One connection through the network: the client's socket and one to the broker. */
export interface Link {
  /** False as soon as one of its sides has ended or failed. */
  readonly isOpen: boolean;
  /** Both sides see it fail. */
  cut(): void;
  /** Leaves nothing of it, without a word in the log. */
  destroy(): void;
  holdAnswers(isHeld: boolean): void;
  holdCalls(isHeld: boolean): void;
}

export interface LinkOptions extends Pick<
  LaneOptions,
  'rules' | 'clock' | 'log' | 'connection' | 'isStomp' | 'onBytes' | 'onFailure'
> {
  readonly client: Socket;
  readonly broker: Socket;
  /** Both sockets are gone. */
  readonly onGone: () => void;
}

/** Receipts that nobody gives are forgotten beyond it, the oldest first. */
const mostReceipts = 10_000;
/** Milliseconds of real time that the far side of a cut connection has for what was written to it. */
const lingerMs = 2_000;

export function createLink(options: LinkOptions): Link {
  const { client, broker, rules, log, connection } = options;
  const acknowledgements = createAcknowledgements();
  /** Frames that asked for a receipt. */
  const receipts = new Map<string, SeenFrame>();
  let version: StompVersion = '1.2';
  let isClosed = false;
  let lingering: NodeJS.Timeout | undefined;

  function awaitReceipt(frame: SeenFrame): void {
    const receipt = frame.headers['receipt'];
    if (receipt === undefined || !rules.wantsReceipts) return;
    receipts.set(receipt, frame);
    const [oldest] = receipts.keys();
    if (receipts.size > mostReceipts && oldest !== undefined) receipts.delete(oldest);
  }

  function takeReceipt({ command, headers }: FrameHead<string>): SeenFrame | null {
    if (command !== 'RECEIPT') return null;
    const receipt = headers.get('receipt-id') ?? '';
    const frame = receipts.get(receipt) ?? null;
    receipts.delete(receipt);
    return frame;
  }

  function confirm({ headers }: FrameHead<string>): void {
    const receipt = headers.get('receipt');
    if (receipt === undefined) return;
    const frame = receiptFrame(receipt);
    answers.put(toBytes({ command: frame.command, headers: new Map(frame.headers) }, version));
  }

  function withHeaders(frame: KeptFrame, headers: ReadonlyMap<string, string>): KeptFrame {
    const { head, body } = frame;
    const bytes = toBytes({ command: head.command, headers, body }, version);
    return { ...frame, head: { ...head, headers: new Map(headers) }, bytes };
  }

  const toBroker: LaneSide = {
    commands: clientCommands,
    version: () => version,
    toSeen({ command, headers }) {
      const place = { direction: 'to-broker', connection, receiptOf: null } as const;
      const frame = toSeenFrame(command, headers, place);
      awaitReceipt(frame);
      return frame;
    },
    concerns: ({ command, headers }) => acknowledgements.concerns(command, headers),
    toGoOn(frame) {
      const { head, bytes } = frame;
      if (!acknowledgements.concerns(head.command, head.headers)) return [bytes];
      const made = acknowledgements.toBroker(head.command, head.headers);
      if (made.length === 0) confirm(head);
      return made.map((headers) => (headers === head.headers ? bytes : withHeaders(frame, headers).bytes));
    },
    // Its sender waits for one receipt.
    toCopy: (frame) =>
      withHeaders(frame, new Map([...frame.head.headers].filter(([name]) => name !== 'receipt'))),
    passed: () => undefined,
    confirm,
  };

  const fromBroker: LaneSide = {
    commands: serverCommands,
    version: () => version,
    toSeen: (head) =>
      toSeenFrame(head.command, head.headers, {
        ...{ direction: 'from-broker', connection },
        receiptOf: takeReceipt(head),
      }),
    concerns: () => false,
    toGoOn: ({ bytes }) => [bytes],
    toCopy(frame) {
      if (frame.head.command !== 'MESSAGE') return frame;
      const headers = acknowledgements.copyOf(frame.head.headers);
      return headers === frame.head.headers ? frame : withHeaders(frame, headers);
    },
    passed({ command, headers }) {
      if (command === 'MESSAGE') acknowledgements.delivered(headers);
      if (command === 'CONNECTED') connected(headers.get('version'));
    },
    confirm: () => undefined,
  };

  function connected(said: string | undefined): void {
    const agreed = stompVersions.find((known) => known === said);
    // What 1.0 leaves open is read as 1.2 says.
    if (agreed === undefined) return;
    version = agreed;
    for (const lane of [calls, answers]) lane.connected(agreed);
  }

  function close(): boolean {
    if (isClosed) return false;
    isClosed = true;
    for (const lane of [calls, answers]) lane.close();
    return true;
  }

  function reset(socket: Socket): void {
    if (!socket.destroyed) socket.resetAndDestroy();
  }

  function cut(frame: SeenFrame | null): void {
    if (!close()) return;
    log.add('cut', connection, frame);
    reset(client);
    reset(broker);
  }

  /** The near side sees it fail at once; the far side reads what was written to it and then its end. */
  function cutBehind(far: Socket, lane: Lane, frame: SeenFrame): void {
    const near = far === client ? broker : client;
    if (!close()) return;
    log.add('cut', connection, frame);
    reset(near);
    lane.end();
    // Its answers are read and dropped, else its end would be a reset.
    far.removeAllListeners('data').resume();
    lingering = setTimeout(() => reset(far), lingerMs);
  }

  const shared = { ...options, log, rules };
  const calls = createLane({
    ...shared,
    ...{ from: client, to: broker, side: toBroker },
    cut: (frame, afterWriting) => (afterWriting ? cutBehind(broker, calls, frame) : cut(frame)),
  });
  const answers = createLane({
    ...shared,
    ...{ from: broker, to: client, side: fromBroker },
    cut: (frame, afterWriting) => (afterWriting ? cutBehind(client, answers, frame) : cut(frame)),
  });

  for (const [socket, other] of [
    [client, broker],
    [broker, client],
  ] as const) {
    socket.on('error', (error) => {
      if (!close()) return;
      log.add('ended', connection, null, error.message);
      reset(other);
    });
    socket.on('close', () => {
      if (!other.destroyed) return;
      if (close()) log.add('ended', connection);
      clearTimeout(lingering);
      options.onGone();
    });
  }
  return {
    get isOpen() {
      return !isClosed && !client.readableEnded && !broker.readableEnded;
    },
    cut: () => cut(null),
    destroy() {
      close();
      reset(client);
      reset(broker);
    },
    holdAnswers: (isHeld) => answers.hold(isHeld),
    holdCalls: (isHeld) => calls.hold(isHeld),
  };
}
