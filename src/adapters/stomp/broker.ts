import { randomBytes } from 'node:crypto';
import type { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { MessageSource } from '#core/ports/message-source.js';
import type { QueueInspection } from '#core/ports/queue-inspection.js';
import { parseBrokerUrl } from './broker-url.js';
import { createConnectionLog } from './connection-log.js';
import { createStompChannel } from './channel.js';
import type { ConnectionSettings } from './stomp-connection.js';
import type { Dialect } from './dialects/dialect.js';
import type { DetectedDialect } from './dialects/detect.js';
import { createStompInspection } from './inspection/queue-inspection.js';
import { createStompSource } from './source.js';
import { checkTlsMaterial } from './tls-material.js';

export interface StompBrokerOptions {
  /** `stomp://`, `stomps://`, `ws://`, `wss://` or `failover:(a,b)?randomize=true`. */
  readonly url: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly login?: string | undefined;
  readonly passcode?: string | undefined;
  /** Of RabbitMQ, unless the address has one; default `/`. */
  readonly virtualHost?: string | undefined;
  /** Options of node:tls, such as certificates, for `stomps://` and `wss://`. */
  readonly tls?: ConnectionSettings['tls'];
  /** Milliseconds until CONNECTED must have come; default 10,000. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds until a receipt must have come; default 30,000. */
  readonly receiptTimeoutMs?: number;
  /** Milliseconds between heart-beats, both ways; default 10,000, 0 = none. */
  readonly heartbeatMs?: number;
  /** Another connection for what has to stay in order; default false. */
  readonly keepsOrder?: boolean;
  /** Connections that only send; default 2. */
  readonly sendConnections?: number;
  /** Unconfirmed sends per connection; default 500. */
  readonly maxUnconfirmed?: number;
  /** Unconfirmed bytes per connection; default 16 MiB. A message that is larger goes alone. */
  readonly maxUnconfirmedBytes?: number;
  /** Instead of the one found from the broker's name. */
  readonly dialect?: Dialect;
  /** How many messages are kept for it now, for the log. */
  readonly waiting?: () => number;
  /** Source of jitter, 0 up to 1; default Math.random. */
  readonly random?: () => number;
}

/** The broker as the patterns see it: a channel to send, a source to receive. */
export interface StompBroker {
  readonly channel: MessageChannel;
  /** What is sent here to one destination arrives in that order, unless it fails; needs `keepsOrder`. */
  readonly orderedChannel: MessageChannel;
  readonly source: MessageSource;
  /** Asks how queues stand. */
  readonly inspection: QueueInspection;
  /**
   * Begins to connect; resolves with null, or with what went wrong when each address was tried once. Without success
   * it goes on trying.
   */
  start(): Promise<ReplytoError | null>;
  /** Ends every connection within `deadlineMs`; nothing is pending afterwards. */
  stop(deadlineMs: number): Promise<void>;
  /** What answers, while a sending connection is up. */
  broker(): DetectedDialect | undefined;
  /** Milliseconds for which no sending connection heard anything although the broker owes something; 0 = it answers. */
  overdueMs(): number;
  /** Sends under way and subscriptions, for metrics and leak tests. */
  activity(): {
    readonly sends: number;
    readonly wantedSubscriptions: number;
    readonly subscriptions: number;
  };
}

/** @throws INVALID_ARGUMENT when the address, or a certificate or key of `tls`, cannot be read. */
export function createStompBroker(options: StompBrokerOptions): StompBroker {
  checkTlsMaterial(options.tls ?? {});
  const address = parseBrokerUrl(options.url);
  const random = options.random ?? Math.random;
  const settings: ConnectionSettings = {
    clock: options.clock,
    logger: options.logger,
    connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
    receiptTimeoutMs: options.receiptTimeoutMs ?? 30_000,
    heartbeatMs: options.heartbeatMs ?? 10_000,
    login: options.login,
    passcode: options.passcode,
    virtualHost: options.virtualHost,
    tls: options.tls,
    dialect: options.dialect,
  };
  const log = createConnectionLog(options);
  const sending = {
    ...{ address, log, settings, random },
    maxUnconfirmed: options.maxUnconfirmed ?? 500,
    maxUnconfirmedBytes: options.maxUnconfirmedBytes ?? 16 * 1024 * 1024,
  };
  const connections = options.sendConnections ?? 2;
  const channel = createStompChannel({ ...sending, purpose: 'send', connections });
  const orderedChannel = createStompChannel({
    ...sending,
    purpose: 'publish',
    connections: options.keepsOrder === true ? 1 : 0,
    keepsOrder: true,
  });
  const source = createStompSource({ address, log, settings, random });
  const newName = (): string => `replyto-inspection-${randomBytes(12).toString('hex')}`;
  const inspection = createStompInspection({ address, settings, newName });
  return {
    channel,
    orderedChannel,
    source,
    inspection,
    async start() {
      const [failure] = await Promise.all([channel.start(), orderedChannel.start()]);
      return failure;
    },
    // Receiving ends first: what is already being handled may still want to send. It takes half of the time at most, because
    // receipts are still awaited afterwards.
    async stop(deadlineMs) {
      const endAt = options.clock.monotonic() + deadlineMs;
      await inspection.stop();
      await source.stop(deadlineMs / 2);
      const restMs = Math.max(0, endAt - options.clock.monotonic());
      await Promise.all([channel.stop(restMs), orderedChannel.stop(restMs)]);
    },
    broker: () => channel.broker(),
    overdueMs: () => channel.overdueMs(),
    activity() {
      const { wanted, up } = source.subscriptions();
      return {
        sends: channel.pending + orderedChannel.pending,
        wantedSubscriptions: wanted,
        subscriptions: up,
      };
    },
  };
}
