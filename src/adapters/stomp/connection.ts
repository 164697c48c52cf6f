/**
 * One physical STOMP connection, from socket to end; it never reconnects. stompjs speaks the protocol, this
 * file closes its gaps: every receipt has a deadline and is rejected when the connection ends (stompjs forgets
 * it), nothing is sent on a closing socket (stompjs drops it silently), an acknowledgement knows whether its
 * connection is still there, and no callback throws into the parser (it would be printed and swallowed).
 */
import { randomBytes } from 'node:crypto';
import { Client, StompSocketState, Versions } from '@stomp/stompjs';
import type { IFrame, IMessage } from '@stomp/stompjs';
import { createDeferred } from '#core/deferred.js';
import type { ReplytoError } from '#core/errors.js';
import { isReplytoError } from '#core/errors.js';
import type { Endpoint } from './broker-url.js';
import { describeEndpoint } from './broker-url.js';
import { connectHeaders } from './connect-headers.js';
import type { DetectedDialect } from './dialects/detect.js';
import { toFailure } from './error-frame.js';
import { messageOf, unavailable } from './failures.js';
import { readGreeting } from './greeting.js';
import { startHeartBeats, watchSilence } from './heart-beats.js';
import { createIncomingBytes } from './incoming-bytes.js';
import { receive } from './incoming-frame.js';
import { owedSince } from './overdue.js';
import { frameSize, requireText, toPublication } from './outgoing-frame.js';
import { createReceipts } from './receipts.js';
import { openSocket } from './socket.js';
import type { ConnectionSettings, StompConnection } from './stomp-connection.js';
import type { StompSocket } from './stomp-socket.js';
import { maxMessageBytes, messageTooBig } from './stomp-socket.js';
import { createTextRepair } from './text-message.js';

const drawSubscriptionKey = (): string => `sub-${randomBytes(12).toString('hex')}`;

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
  let leavesDoubt = false;
  let beatMs = 0;
  let endHeartBeats = (): void => undefined;
  const awaitsClose = (): boolean => detected?.dialect.closesItself === true;
  const subscriptionKey = (settings.newSubscriptionKey ?? drawSubscriptionKey)();
  let subscriptions = 0;
  let lastStray = '';
  const repairText = createTextRepair(logger, name);
  const incoming = createIncomingBytes({
    clock,
    logger,
    subscriptionKey,
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
    // It looks at the time of day, which may be set; see watchSilence.
    heartbeatToleranceMultiplier: Infinity,
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
      const failure = toFailure(said, { name, receipts, onStray });
      if (failure !== undefined) end(failure, awaitsClose());
    },
    onUnhandledReceipt: (frame) => void receipts.settle(frame.headers['receipt-id'] ?? ''),
    onWebSocketError: (error: unknown) => fall(unavailable(`${name}: ${messageOf(error)}`, error)),
    onWebSocketClose: ({ code, reason }: { code: number; reason: string }) => {
      const why = reason === '' ? lastStray : reason;
      const detail = `${name} closed the connection${why === '' ? '' : `: ${why}`}`;
      const isTooBig = code === messageTooBig;
      if (isTooBig) receipts.refuseLargest(detail);
      (isTooBig ? end : fall)(unavailable(detail));
    },
  });

  function onConnect({ headers }: IFrame): void {
    if (endReason !== undefined) return;
    try {
      const greeting = readGreeting(headers, settings);
      detected = greeting.broker;
      beatMs = greeting.expectedBeatMs;
      const endBeats = startHeartBeats({ intervalMs: greeting.heartBeatMs, clock, beat });
      const endWatch = watchSilence({
        intervalMs: beatMs,
        clock,
        heardAt: () => incoming.heardAt,
        onSilent: () => end(unavailable(`${name} fell silent: no heart-beat`)),
      });
      endHeartBeats = () => {
        endBeats();
        endWatch();
      };
      connected.resolve(detected);
    } catch (error) {
      end(isReplytoError(error) ? error : unavailable(`cannot speak to ${name}`, error));
    }
  }

  function onStray(said: string): void {
    lastStray = `after an ERROR that says '${said}'`;
    incoming.onDamage('an ERROR that is about nothing that was asked for');
  }

  function beat(): void {
    if (socket?.readyState === StompSocketState.OPEN) socket.send('\n');
  }

  /** It is ended from outside. */
  function fall(reason: ReplytoError): void {
    if (endReason === undefined && !isClosing) leavesDoubt = true;
    end(reason);
  }

  function end(reason: ReplytoError, brokerCloses = false): void {
    if (endReason !== undefined) return;
    endReason = reason;
    leavesDoubt ||= receipts.areInDoubt && !isClosing;
    endHeartBeats();
    if (brokerCloses) socket?.close();
    else void client.deactivate({ force: true });
    receipts.abandon(reason);
    connected.reject(reason);
    ended.resolve(reason);
  }

  async function sayGoodbye(): Promise<void> {
    // What a broker gets after DISCONNECT it drops without a word, and from then on stompjs drops what the broker says.
    isClosing = true;
    await receipts.idle();
    // stompjs sends DISCONNECT, waits for its receipt and closes; on a dead link that never ends.
    if (endReason === undefined) void client.deactivate();
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
    get leavesDoubt() {
      return leavesDoubt;
    },
    get unconfirmed() {
      return receipts.size;
    },
    get heardAt() {
      return incoming.heardAt;
    },
    get owedSince() {
      const { heardAt } = incoming;
      return owedSince({ now: clock.monotonic(), heardAt, oldestAt: receipts.oldestAt, beatMs });
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
        const id = `${subscriptionKey}-${subscriptions++}`;
        client.subscribe(address, onFrame, { ...headers, id, ack: mode, receipt });
      });
    },
    async close(deadlineMs) {
      if (endReason !== undefined) return;
      const cancel = clock.after(deadlineMs, () => end(unavailable(`${name} did not say goodbye`)));
      if (!isClosing) void sayGoodbye();
      await ended.promise;
      cancel();
    },
    terminate: (reason) => end(reason),
  };
}
