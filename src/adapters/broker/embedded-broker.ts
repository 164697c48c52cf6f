import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import { silentLogger } from '#core/ports/logger.js';
import { ReplytoError } from '#core/errors.js';
import type { SessionOptions } from '#adapters/stomp-server/session.js';
import { createStompConnections } from '#adapters/stomp-server/connections.js';
import type { Credentials } from '#adapters/stomp-server/login.js';
import { createLoginCheck } from '#adapters/stomp-server/login.js';
import { protocolFault } from '#adapters/stomp-server/refusal.js';
import type { TcpListener } from '#adapters/stomp-server/tcp-listener.js';
import { listenTcp } from '#adapters/stomp-server/tcp-listener.js';
import { createTcpTransport } from '#adapters/stomp-server/tcp-transport.js';
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
  /** Serves an upgraded WebSocket, as `StompConnections.openWebSocket` does. */
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
  let state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  let running: RunningBroker | undefined;
  let listener: TcpListener | undefined;
  let starting: Promise<{ host: string; port: number }> | undefined;
  let stopping: Promise<void> | undefined;
  const connections = createStompConnections({
    ...{ server, limits, clock, logger, login },
    isServing: () => state === 'running',
    most: {
      count: limits.connections,
      refusal: protocolFault(
        'too many connections',
        `The broker serves ${limits.connections} connections at a time.`,
      ),
    },
  });

  const accept: SessionOptions['accept'] = (session, connect) => {
    if (running === undefined) throw protocolFault('not running', 'The broker is not running.');
    return running.connect(session, connect);
  };

  async function begin(): Promise<{ host: string; port: number }> {
    const freeQueues = new Set(options.freeQueues);
    running = createRunningBroker({ log: openMessageLog(path), limits, freeQueues, clock, logger });
    state = 'running';
    try {
      listener = await listenTcp({
        host,
        port,
        onConnection: (socket) =>
          connections.open(createTcpTransport(socket, { clock, closeMs: limits.closeMs }), accept),
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
    const gone = connections.close(deadlineMs);
    await running?.idle();
    await closed;
    await gone;
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
    acceptWebSocket: (socket, stream) => connections.openWebSocket(socket, stream, accept),
    statistics: () => ({
      connections: connections.size,
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
