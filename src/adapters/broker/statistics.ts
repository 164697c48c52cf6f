import type { Queue } from './queue.js';

/** A look at the broker, for metrics and health. */
export interface BrokerStatistics {
  readonly connections: number;
  readonly queues: readonly QueueStatistics[];
  readonly durableSubscriptions: readonly DurableStatistics[];
  /** Bytes of persistent messages on disk. */
  readonly storedBytes: number;
  /** Bytes of messages in memory. */
  readonly memoryBytes: number;
  /** Database transactions committed since the start. */
  readonly transactions: number;
  /** SEND frames since the start. */
  readonly sent: number;
  /** MESSAGE frames since the start, redeliveries among them. */
  readonly delivered: number;
}

export interface QueueStatistics {
  readonly name: string;
  /** Messages that wait for a consumer. */
  readonly depth: number;
  readonly consumers: number;
  /** Delivered and not acknowledged. */
  readonly inFlight: number;
}

interface DurableStatistics extends QueueStatistics {
  readonly clientId: string;
  readonly topic: string;
}

export function toQueueStatistics({ destination, depth, consumers, inFlight }: Queue): QueueStatistics {
  return { name: destination.name, depth, consumers, inFlight };
}
