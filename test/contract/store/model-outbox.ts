import type { OutboxResult } from '#core/ports/outbox.js';
import { leaseMs } from './bench.js';

interface ModelDelivery {
  readonly requestId: string;
  /** 0 = the Fault. */
  readonly number: number;
  attempts: number;
  nextAt: number;
  owner: string | null;
}

/** The part of the model that knows what waits for Reply-To queues. */
export interface OutboxModel {
  queue(requestId: string, number: number): void;
  /** Of each delivery: request, reply number, attempts. */
  claimDue(owner: string): string[];
  finish(requestId: string, number: number, owner: string, result: OutboxResult): void;
  /** Ids of requests of which something waits. */
  waiting(): ReadonlySet<string>;
  /** How many deliveries were given up. */
  buried(): number;
}

export function createOutboxModel(now: () => number): OutboxModel {
  /** In the order in which they were queued. */
  const deliveries: ModelDelivery[] = [];
  let buried = 0;

  const isFirst = (delivery: ModelDelivery): boolean =>
    deliveries.find(({ requestId }) => requestId === delivery.requestId) === delivery;

  return {
    queue(requestId, number) {
      deliveries.push({ requestId, number, attempts: 0, nextAt: now(), owner: null });
    },

    claimDue(owner) {
      const due = deliveries.filter((delivery) => delivery.nextAt <= now() && isFirst(delivery));
      due.sort((a, b) => a.nextAt - b.nextAt);
      for (const delivery of due) Object.assign(delivery, { owner, nextAt: now() + leaseMs });
      return due.map(({ requestId, number, attempts }) => `${requestId}/${number}/${attempts}`);
    },

    finish(requestId, number, owner, result) {
      const delivery = deliveries.find((known) => known.requestId === requestId && known.number === number);
      if (delivery?.owner !== owner) return;
      delivery.owner = null;
      if (result.kind === 'refused') delivery.attempts += 1;
      if (result.kind === 'refused' || result.kind === 'postponed') delivery.nextAt = now() + result.retryMs;
      else deliveries.splice(deliveries.indexOf(delivery), 1);
      if (result.kind === 'dead') buried += 1;
    },

    waiting: () => new Set(deliveries.map(({ requestId }) => requestId)),
    buried: () => buried,
  };
}
