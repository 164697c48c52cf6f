import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import { silentLogger } from '#core/ports/logger.js';
import type { Deferred } from '#core/deferred.js';
import { createDeferred } from '#core/deferred.js';
import { ReplytoError } from '#core/errors.js';
import type { Credentials } from '#adapters/stomp-server/login.js';
import { createLoginCheck } from '#adapters/stomp-server/login.js';
import { protocolFault } from '#adapters/stomp-server/refusal.js';
import { stompSubProtocols } from '#adapters/stomp-server/frame.js';
import type { Session } from '#adapters/stomp-server/frame-handler.js';
import { createSession } from '#adapters/stomp-server/session.js';
import type { TcpListener } from '#adapters/stomp-server/tcp-listener.js';
import { listenTcp } from '#adapters/stomp-server/tcp-listener.js';
import { createTcpTransport } from '#adapters/stomp-server/tcp-transport.js';
import type { Transport } from '#adapters/stomp-server/transport.js';
import { createWebSocketTransport } from '#adapters/stomp-server/websocket-transport.js';
import type { BrokerLimits } from './limits.js';
import { completeLimits } from './limits.js';
import { openMessageLog } from './message-log.js';
import type { RunningBroker } from './running-broker.js';
import { createRunningBroker } from './running-broker.js';
import type { BrokerStatistics } from './statistics.js';

/**
 * The embedded broker: STOMP 1.2 and 1.1 over TCP and WebSocket, queues and topics, in this process.
 *
 * Guarantees: a RECEIPT for a persistent SEND, an ACK or a COMMIT means that it is on disk; a persistent message
 * is on disk before anybody sees it and is delivered at least once, whatever dies. What it cannot store it
 * refuses with ERROR, and serves on. It is one process on one machine: production means ActiveMQ.
 *
 * `stop` takes no new frames, confirms what is under way, closes the connections and marks the clean end.
 */
export interface EmbeddedBroker {
  /**
   * Opens the file and listens.
   *
   * @throws PORT_TAKEN, STORE_LOCKED, STORE_CORRUPT, STORE_NEWER, STORE_UNAVAILABLE, INVALID_CONFIGURATION
   */
  start(): Promise<{ readonly host: string; readonly port: number }>;
  /** Ends everything; connections that are not closed after so many milliseconds are destroyed. */
  stop(deadlineMs: number): Promise<void>;
  /**
   * Serves an upgraded WebSocket, sub-protocol `v12.stomp` or `v11.stomp` (`stompSubProtocols`) or none, of a server
   * with `autoPong: false`: `ws` would answer pings without end to a client that reads none of it.
   *
   * @param stream the socket below it (`request.socket`): with it, the frames of one turn leave in one write.
   */
  acceptWebSocket(socket: WebSocket, stream?: Duplex): void;
  statistics(): BrokerStatistics;
}

export interface EmbeddedBrokerOptions {
  /** SQLite file of the persistent messages; made if need be. `:memory:` keeps nothing. */
  readonly path: string;
  readonly clock: Clock;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 61613; 0 = any free one. */
  readonly port?: number;
  /** Version of the product, for the `server` header of CONNECTED. */
  readonly version?: string;
  /** Default: everybody may connect. */
  readonly credentials?: Credentials;
  /** Names of queues that are made whatever the limit: whoever runs the broker may not be kept out by others. */
  readonly freeQueues?: readonly string[];
  /** Replaces single defaults; each is documented with its default there. */
  readonly limits?: Partial<BrokerLimits>;
  /** Default silent. */
  readonly logger?: Logger;
}

/** Name in the `server` header of CONNECTED, by which clients know this broker. */
const serverName = 'replyto-embedded';

/** @throws INVALID_ARGUMENT for limits that are none. */
export function createEmbeddedBroker(options: EmbeddedBrokerOptions): EmbeddedBroker {
  const { path, clock, host = '127.0.0.1', port = 61613, logger = silentLogger } = options;
  const limits = completeLimits(options.limits);
  const login = options.credentials === undefined ? undefined : createLoginCheck(options.credentials);
  const server = options.version === undefined ? serverName : `${serverName}/${options.version}`;
  /** Also those that have not logged in, and those on their way out. */
  const transports = new Map<Transport, Session>();
  /** Of them those that were too many and are to read why: they take nobody's place. */
  const refused = new Set<Transport>();
  let state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  let running: RunningBroker | undefined;
  let listener: TcpListener | undefined;
  let starting: Promise<{ host: string; port: number }> | undefined;
  let stopping: Promise<void> | undefined;
  /** Set while the broker stops: WebSockets do not belong to the listener, so nobody else says when they are gone. */
  let allGone: Deferred<void> | undefined;

  function accept(transport: Transport): Session {
    const session = createSession({
      id: randomBytes(6).toString('hex'),
      transport,
      server,
      limits,
      clock,
      logger,
      login,
      accept: (accepted, connect) => {
        if (running === undefined) throw protocolFault('not running', 'The broker is not running.');
        return running.connect(accepted, connect);
      },
      onClosed: () => {
        transports.delete(transport);
        refused.delete(transport);
        if (transports.size === 0) allGone?.resolve();
      },
    });
    transports.set(transport, session);
    if (state !== 'running') session.close();
    else if (transports.size - refused.size > limits.connections) refuse(transport, session);
    return session;
  }

  function refuse(transport: Transport, session: Session): void {
    // In a flood there is no room for words either.
    if (refused.size >= limits.connections) transport.destroy();
    refused.add(transport);
    session.fail(
      protocolFault('too many connections', `The broker serves ${limits.connections} connections at a time.`),
    );
  }

  async function begin(): Promise<{ host: string; port: number }> {
    const freeQueues = new Set(options.freeQueues);
    running = createRunningBroker({ log: openMessageLog(path), limits, freeQueues, clock, logger });
    state = 'running';
    try {
      listener = await listenTcp({
        host,
        port,
        onConnection: (socket) => void accept(createTcpTransport(socket, { clock, closeMs: limits.closeMs })),
        onError: (error) => logger.error({ err: error }, 'a connection could not be accepted'),
      });
    } catch (error) {
      state = 'stopped';
      await running.stop();
      throw error;
    }
    logger.info({ host: listener.host, port: listener.port, path }, 'embedded broker listens');
    return { host: listener.host, port: listener.port };
  }

  async function end(deadlineMs: number): Promise<void> {
    state = 'stopping';
    const closed = listener?.close();
    running?.halt();
    allGone = createDeferred();
    if (transports.size === 0) allGone.resolve();
    for (const session of [...transports.values()]) session.close();
    const cancelDestroy = clock.after(deadlineMs, () => {
      for (const transport of [...transports.keys()]) transport.destroy();
    });
    await running?.idle();
    await closed;
    await allGone.promise;
    cancelDestroy();
    await running?.stop();
    state = 'stopped';
    logger.info({ path }, 'embedded broker stopped');
  }

  return {
    start() {
      if (state !== 'new') {
        const detail = 'the embedded broker was started or stopped before';
        return Promise.reject(new ReplytoError('INTERNAL', { detail }));
      }
      starting = begin();
      return starting;
    },
    stop(deadlineMs) {
      if (starting === undefined) state = 'stopped';
      // A start that failed has cleaned up after itself.
      else
        stopping ??= starting.then(
          () => end(deadlineMs),
          () => undefined,
        );
      return stopping ?? Promise.resolve();
    },
    acceptWebSocket(socket, stream) {
      const session = accept(createWebSocketTransport(socket, stream, { clock, closeMs: limits.closeMs }));
      const { protocol } = socket;
      if (protocol === '' || (stompSubProtocols as readonly string[]).includes(protocol)) return;
      session.fail(
        protocolFault(
          'sub-protocol is not STOMP',
          `Sub-protocols are ${stompSubProtocols.join(', ')}, or none.`,
        ),
      );
    },
    statistics: () => ({
      connections: transports.size,
      ...(running?.statistics() ?? emptyStatistics),
    }),
  };
}

const emptyStatistics: Omit<BrokerStatistics, 'connections'> = {
  queues: [],
  durableSubscriptions: [],
  storedBytes: 0,
  memoryBytes: 0,
  transactions: 0,
  sent: 0,
  delivered: 0,
};
