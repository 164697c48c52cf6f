/**
 * One physical STOMP connection, from socket to end; it never reconnects. stompjs speaks the protocol, this
 * file closes its gaps: every receipt has a deadline and is rejected when the connection ends (stompjs forgets
 * it), nothing is sent on a closing socket (stompjs drops it silently), an acknowledgement knows whether its
 * connection is still there, and no callback throws into the parser (it would be printed and swallowed).
 */
import { Client, StompSocketState, Versions } from '@stomp/stompjs';
import type { IFrame, IMessage } from '@stomp/stompjs';
import { createDeferred } from '#core/deferred.js';
import type { ReplytoError } from '#core/errors.js';
import { isReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Endpoint } from './broker-url.js';
import { describeEndpoint } from './broker-url.js';
import type { Login } from './connect-headers.js';
import { connectHeaders } from './connect-headers.js';
import type { DetectedDialect } from './dialects/detect.js';
import type { Dialect } from './dialects/dialect.js';
import { toFailure } from './error-frame.js';
import { messageOf, unavailable } from './failures.js';
import { readGreeting } from './greeting.js';
import { startHeartBeats } from './heart-beats.js';
import { createIncomingBytes } from './incoming-bytes.js';
import type { MessageHandler } from './incoming-frame.js';
import { receive } from './incoming-frame.js';
import type { OutgoingFrame } from './outgoing-frame.js';
import { frameSize, requireText, toPublication } from './outgoing-frame.js';
import { createReceipts } from './receipts.js';
import { openSocket } from './socket.js';
import type { SocketOptions, StompSocket } from './stomp-socket.js';
import { maxMessageBytes, messageTooBig } from './stomp-socket.js';
import { createTextRepair } from './text-message.js';

export interface ConnectionSettings extends Login {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds until CONNECTED must have come; 10,000. */
  readonly connectTimeoutMs: number;
  /** Milliseconds until a receipt must have come. */
  readonly receiptTimeoutMs: number;
  /** Offered and asked for, both ways; 0 = none. */
  readonly heartbeatMs: number;
  readonly tls?: SocketOptions['tls'] | undefined;
  /** Instead of the one found from the broker's name. */
  readonly dialect?: Dialect | undefined;
  /** Default {@link openSocket}. */
  readonly openSocket?: typeof openSocket;
}

export interface StompConnection {
  readonly broker: DetectedDialect;
  readonly endpoint: string;
  /** Whether a frame written now reaches the broker; false from the moment it says goodbye. */
  isOpen(): boolean;
  /** Resolves with the broker's receipt; rejects as MessageChannel says. */
  send(frame: OutgoingFrame): Promise<void>;
  /** Resolves with the receipt of SUBSCRIBE. `mode` auto needs no acknowledgement. */
  subscribe(
    address: string,
    subscribe: {
      readonly mode: 'auto' | 'client-individual';
      readonly headers: Readonly<Record<string, string>>;
    },
    onMessage: MessageHandler,
  ): Promise<void>;
  /** Says goodbye and waits for it, at most `deadlineMs`. */
  close(deadlineMs: number): Promise<void>;
  /** Ends it at once, for instance because a receipt is missing. */
  terminate(reason: ReplytoError): void;
  /** Resolves, never rejects, when the connection has ended, with why. */
  readonly ended: Promise<ReplytoError>;
  /** Receipts awaited; 0 once ended. */
  readonly unconfirmed: number;
  /** Bytes of the sends whose receipts are awaited. */
  readonly unconfirmedBytes: number;
  /** The network does not keep up with what was written. */
  readonly isCongested: boolean;
  /** Calls back each time the network keeps up again. */
  onDrain(callback: () => void): void;
}

/**
 * Connects to one endpoint. Aborting `giveUp` ends the attempt at once.
 *
 * @throws BROKER_UNAVAILABLE, BROKER_LOGIN_REFUSED, BROKER_UNSUPPORTED
 */
export async function openConnection(
  endpoint: Endpoint,
  settings: ConnectionSettings,
  giveUp?: AbortSignal,
): Promise<StompConnection> {
  const { clock, logger } = settings;
  const name = describeEndpoint(endpoint);
  const receipts = createReceipts({
    clock,
    timeoutMs: settings.receiptTimeoutMs,
    name,
    // The broker may be stuck writing to us; what it sends from now on cannot be trusted to come.
    onTimeout: (detail) => end(unavailable(detail)),
  });
  let socket: StompSocket | undefined;
  let detected: DetectedDialect | undefined;
  let endReason: ReplytoError | undefined;
  let isClosing = false;
  let endHeartBeats = (): void => undefined;
  const awaitsClose = (): boolean => detected?.dialect.closesItself === true;
  const repairText = createTextRepair(logger, name);
  const incoming = createIncomingBytes({
    ...{ logger, clock },
    endpoint: name,
    hasEnded: () => endReason !== undefined,
    onFault: (reason, cause) => end(unavailable(`${name}: ${reason}`, cause)),
  });
  const connected = createDeferred<DetectedDialect>();
  const ended = createDeferred<ReplytoError>();

  const client = new Client({
    stompVersions: new Versions([Versions.V1_2, Versions.V1_1]),
    connectHeaders: connectHeaders(endpoint, settings),
    reconnectDelay: 0,
    heartbeatIncoming: settings.heartbeatMs,
    heartbeatOutgoing: settings.heartbeatMs,
    // Classic skips a beat when anything was sent since the last check, so two intervals may pass in silence.
    heartbeatToleranceMultiplier: 3,
    discardWebsocketOnCommFailure: true,
    webSocketFactory: () => {
      socket = (settings.openSocket ?? openSocket)({
        ...{ endpoint, tls: settings.tls, maxMessageBytes, toPieces: incoming.toPieces, awaitsClose },
        onText: (text) => (carriesTextAlone() ? repairText(text) : text),
      });
      return socket;
    },
    onConnect,
    onStompError: ({ headers }) => {
      const said = { headers, body: incoming.body, dialect: detected?.dialect };
      const failure = toFailure(said, { name, receipts });
      if (failure !== undefined) end(failure, awaitsClose());
    },
    onUnhandledReceipt: (frame) => void receipts.settle(frame.headers['receipt-id'] ?? ''),
    onHeartbeatLost: () => end(unavailable(`${name} fell silent: no heart-beat`)),
    onWebSocketError: (error: unknown) => end(unavailable(`${name}: ${messageOf(error)}`, error)),
    onWebSocketClose: ({ code, reason }: { code: number; reason: string }) => {
      const detail = `${name} closed the connection${reason === '' ? '' : `: ${reason}`}`;
      if (code === messageTooBig) receipts.refuseLargest(detail);
      end(unavailable(detail));
    },
  });

  function onConnect({ headers }: IFrame): void {
    if (endReason !== undefined) return;
    try {
      const greeting = readGreeting(headers, settings);
      detected = greeting.broker;
      endHeartBeats = startHeartBeats({ intervalMs: greeting.heartBeatMs, clock, beat });
      connected.resolve(detected);
    } catch (error) {
      end(isReplytoError(error) ? error : unavailable(`cannot speak to ${name}`, error));
    }
  }

  function beat(): void {
    if (socket?.readyState === StompSocketState.OPEN) socket.send('\n');
  }

  function end(reason: ReplytoError, brokerCloses = false): void {
    if (endReason !== undefined) return;
    endReason = reason;
    endHeartBeats();
    if (brokerCloses) socket?.close();
    else void client.deactivate({ force: true });
    receipts.abandon(reason);
    connected.reject(reason);
    ended.resolve(reason);
  }

  function carriesTextAlone(): boolean {
    return endpoint.transport === 'websocket' && detected?.dialect.webSocketCarries === 'text';
  }

  function requireOpen(): void {
    if (!isOpen()) throw unavailable(`the connection to ${name} is not open`);
  }

  function isOpen(): boolean {
    if (isClosing || endReason !== undefined) return false;
    return client.connected && socket?.readyState === StompSocketState.OPEN;
  }

  const cancelConnectDeadline = clock.after(settings.connectTimeoutMs, () =>
    end(unavailable(`${name} did not answer within ${settings.connectTimeoutMs} ms`)),
  );
  const onGiveUp = (): void => end(unavailable(`connecting to ${name} was given up`));
  giveUp?.addEventListener('abort', onGiveUp);
  if (giveUp?.aborted === true) onGiveUp();
  else client.activate();
  let broker: DetectedDialect;
  try {
    broker = await connected.promise;
  } finally {
    cancelConnectDeadline();
    giveUp?.removeEventListener('abort', onGiveUp);
  }

  return {
    broker,
    endpoint: name,
    isOpen,
    ended: ended.promise,
    get unconfirmed() {
      return receipts.size;
    },
    get unconfirmedBytes() {
      return receipts.bytes;
    },
    get isCongested() {
      return socket?.isCongested === true;
    },
    onDrain(callback) {
      if (socket !== undefined) socket.onDrain = callback;
    },
    send(frame) {
      const write = (receipt: string): void => {
        requireOpen();
        if (carriesTextAlone()) requireText(frame, name);
        client.publish(toPublication(frame, receipt));
      };
      return receipts.confirmed(frame.address, write, frameSize(frame));
    },
    subscribe(address, { mode, headers }, onMessage) {
      return receipts.confirmed(address, (receipt) => {
        requireOpen();
        const onFrame = (message: IMessage): void =>
          receive(message, incoming.body, { onMessage, isOpen, logger });
        client.subscribe(address, onFrame, { ...headers, ack: mode, receipt });
      });
    },
    async close(deadlineMs) {
      if (endReason !== undefined) return;
      // What a broker gets after DISCONNECT it drops without a word.
      isClosing = true;
      const cancel = clock.after(deadlineMs, () => end(unavailable(`${name} did not say goodbye`)));
      // stompjs sends DISCONNECT, waits for its receipt and closes; on a dead link that never ends.
      void client.deactivate();
      await ended.promise;
      cancel();
    },
    terminate: (reason) => end(reason),
  };
}
