import { deepStrictEqual } from 'node:assert';
import { StompSocketState } from '@stomp/stompjs';
import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import type { ConnectionSettings, StompConnection } from '#adapters/stomp/stomp-connection.js';
import { openConnection } from '#adapters/stomp/connection.js';
import { classicDialect } from '#adapters/stomp/dialects/classic.js';
import { toHeaders, toMessage } from '#adapters/stomp/headers.js';
import type { IncomingFrame } from '#adapters/stomp/incoming-frame.js';
import type { SocketOptions, StompSocket } from '#adapters/stomp/stomp-socket.js';
import { isReplytoError } from '#core/errors.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { FuzzInput } from './input.js';
import { recordings } from './input.js';
import type { FuzzTarget, Stopwatch } from './target.js';
import { createStrictLogger, nextTurn, untilSettled } from './target.js';

interface MemorySocket {
  readonly socket: StompSocket;
  receive(bytes: Buffer): void;
  close(): void;
}

const [endpoint] = parseBrokerUrl('stomp://broker.invalid').endpoints;

/** The reading path of the client side, from the bytes of a socket to messages and what may be sent on of them. */
export function startClientTarget(stopwatch: Stopwatch): Promise<FuzzTarget> {
  const clock = createManualClock();
  const problems: string[] = [];
  const logger = createStrictLogger((what) => problems.push(what));
  const timersBefore = timers();
  let delivered = 0;

  function onMessage(frame: IncomingFrame): void {
    const { headers, body } = frame;
    delivered += 1;
    const message = toMessage({ headers, body, receivedAt: 1 }, classicDialect);
    try {
      toHeaders(message, classicDialect);
    } catch (error) {
      if (!isReplytoError(error)) throw error;
    }
    frame.acknowledge();
  }

  function use(connection: StompConnection): void {
    const outcomes = [
      connection.subscribe('/queue/a', { mode: 'client-individual', headers: {} }, onMessage),
      connection.subscribe('/topic/a', { mode: 'auto', headers: {} }, onMessage),
      ...Array.from({ length: 4 }, () =>
        connection.send({ address: '/queue/a', headers: {}, body: Buffer.from('x'), asText: false }),
      ),
    ];
    for (const outcome of outcomes) {
      outcome.catch((error: unknown) => {
        if (!isReplytoError(error)) problems.push(`rejected with ${String(error)}`);
      });
    }
  }

  /** A connection, and whether everything about it has come to an end. */
  function open(): { readonly socket: () => MemorySocket; readonly hasEnded: () => boolean } {
    let memory: MemorySocket | undefined;
    let connection: StompConnection | undefined;
    let isOver = false;
    const settings: ConnectionSettings = {
      ...{ clock, logger, connectTimeoutMs: 10_000, receiptTimeoutMs: 30_000, heartbeatMs: 10_000 },
      ...{ login: undefined, passcode: undefined },
      // As in the recordings; what is made of them may be as good as what a broker sends.
      newSubscriptionKey: () => 'sub',
      openSocket: (options) => {
        memory = createMemorySocket(options);
        return memory.socket;
      },
    };
    openConnection(endpoint!, settings).then(
      (opened) => {
        connection = opened;
        use(opened);
        void opened.ended.then(() => (isOver = true));
      },
      (error: unknown) => {
        isOver = true;
        if (!isReplytoError(error)) problems.push(`not opened: ${String(error)}`);
      },
    );
    return {
      socket() {
        if (memory === undefined) throw new Error('no socket was asked for');
        return memory;
      },
      hasEnded: () => isOver && (connection?.unconfirmed ?? 0) === 0 && connection?.isOpen() !== true,
    };
  }

  async function run(inputs: readonly FuzzInput[]): Promise<void> {
    const connections = inputs.map((input) => ({ input, ...open() }));
    await nextTurn();
    for (const { socket } of connections) socket().socket.onopen?.();
    const most = Math.max(...inputs.map(({ turns }) => turns.length));
    for (let turn = 0; turn < most; turn += 1) {
      for (const { input, socket } of connections) {
        stopwatch.time(input.index, () => {
          for (const piece of input.turns[turn] ?? []) socket().receive(piece);
        });
      }
      await nextTurn();
    }
    for (const { socket } of connections) socket().close();
    await untilSettled(() => connections.every(({ hasEnded }) => hasEnded()), 'the end of every connection');
    deepStrictEqual({ timers: clock.pending }, { timers: 0 });
    if (problems.length > 0) throw new Error(problems.splice(0).join('\n'));
  }

  return Promise.resolve({
    run,
    async finish() {
      for (const bytes of recordings('broker')) {
        const expected = bytes.toString('latin1').match(/subscription:sub-[01]\n/gu)?.length ?? 0;
        delivered = 0;
        // One turn for the greeting: before it nothing is subscribed.
        const greeting = bytes.indexOf(0) + 1;
        const turns = [[bytes.subarray(0, greeting)], [bytes.subarray(greeting)]];
        await run([{ index: -1, holds: false, turns }]);
        deepStrictEqual({ delivered }, { delivered: expected });
      }
      await untilSettled(() => timers() <= timersBefore, 'the end of the timers of stompjs');
    },
  });
}

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
}

function createMemorySocket({ toPieces = (bytes) => [bytes] }: SocketOptions): MemorySocket {
  let readyState: StompSocketState = StompSocketState.OPEN;

  function close(): void {
    if (readyState >= StompSocketState.CLOSING) return;
    readyState = StompSocketState.CLOSING;
    setImmediate(() => {
      readyState = StompSocketState.CLOSED;
      socket.onclose?.({ code: 1006, reason: '', wasClean: false });
    });
  }

  const socket: StompSocket = {
    ...{ url: 'memory', onopen: null, onclose: null, onerror: null, onmessage: null, onDrain: null },
    get readyState() {
      return readyState;
    },
    isCongested: false,
    send() {
      if (readyState !== StompSocketState.OPEN) throw new Error('the socket is not open');
    },
    close,
    terminate: close,
  };
  return {
    socket,
    receive(bytes) {
      if (readyState !== StompSocketState.OPEN) return;
      for (const piece of toPieces(bytes)) socket.onmessage?.({ data: piece });
    },
    close,
  };
}
