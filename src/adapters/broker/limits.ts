import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { SessionLimits } from '#adapters/stomp-server/limits.js';
import { defaultSessionLimits } from '#adapters/stomp-server/limits.js';

/** What the broker as a whole may take up, beyond what one session may. */
export interface BrokerLimits extends SessionLimits {
  /** Connections at the same time, TCP and WebSocket together. Default 1,000. */
  readonly connections: number;
  /** Subscriptions of one connection. Default 1,000. */
  readonly subscriptionsPerConnection: number;
  /** Durable subscriptions of all clients. Default 1,000. */
  readonly durableSubscriptions: number;
  /**
   * Queues at the same time: those that hold messages or are subscribed to. SEND and SUBSCRIBE to one more are
   * refused; the dead-letter queue of a queue is made all the same, and so are those of the broker's owner and what the
   * store held at the start.
   * Default 10,000.
   */
  readonly queues: number;
  /** Highest prefetch a subscription may ask for. Default 100,000. */
  readonly prefetch: number;
  /** Transactions of one connection that are open at the same time. Default 100. */
  readonly openTransactions: number;
  /** SEND, ACK and NACK frames of one transaction. Default 10,000. */
  readonly actionsPerTransaction: number;
  /** Bytes of the messages of one transaction. Default 64 MiB. */
  readonly transactionBytes: number;
  /** Bytes on disk of all persistent messages; a SEND beyond it is refused. Default 4 GiB. */
  readonly storedBytes: number;
  /**
   * Bytes of messages in memory. Beyond it the bodies of persistent messages stay on disk only, and a
   * non-persistent SEND is refused. Default 256 MiB.
   */
  readonly memoryBytes: number;
  /** Messages of one queue that are listed in memory; what waits behind them is listed on disk only. Default 10,000. */
  readonly listedMessages: number;
  /** Bytes that may wait for one non-durable topic subscriber before its connection is ended. Default 4 MiB. */
  readonly topicBacklogBytes: number;
}

const defaultBrokerLimits: BrokerLimits = {
  ...defaultSessionLimits,
  connections: 1_000,
  subscriptionsPerConnection: 1_000,
  durableSubscriptions: 1_000,
  queues: 10_000,
  prefetch: 100_000,
  openTransactions: 100,
  actionsPerTransaction: 10_000,
  transactionBytes: 64 * 1024 * 1024,
  storedBytes: 4 * 1024 ** 3,
  memoryBytes: 256 * 1024 * 1024,
  listedMessages: 10_000,
  topicBacklogBytes: 4 * 1024 * 1024,
};

/** Fills in the defaults. @throws INVALID_ARGUMENT naming every limit that is no whole number above 0. */
export function completeLimits(given: Partial<BrokerLimits> = {}): BrokerLimits {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (!(name in defaultBrokerLimits)) {
      problems.push(toProblem(`limits.${name}`, value, Object.keys(defaultBrokerLimits).join(', ')));
    } else if (!Number.isSafeInteger(value) || value < 1) {
      problems.push(toProblem(`limits.${name}`, value, 'a whole number above 0'));
    }
  }
  if (problems.length > 0) throw new ReplytoError('INVALID_ARGUMENT', { problems });
  return { ...defaultBrokerLimits, ...given };
}
