/**
 * Admission control: how many requests may be open, and how many may wait for an away broker. Counted in memory and
 * set right from the store now and then, because a count per request would cost more than the request.
 */
import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { RequestCounts, RequestStore } from '#core/ports/request-store.js';
import { createTimers } from './timers.js';

export interface AdmissionOptions {
  readonly store: RequestStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Requests that have not ended; beyond it TOO_MANY_PENDING. */
  readonly maxPending: number;
  /** Requests not sent yet; beyond it OUTBOX_FULL. */
  readonly maxUnsent: number;
}

export interface Admission {
  /** @throws TOO_MANY_PENDING, OUTBOX_FULL */
  check(): void;
  accepted(): void;
  sent(): void;
  ended(): void;
  counts(): RequestCounts;
  /** Reads the true counts, then again every ten seconds. */
  start(): Promise<void>;
  stop(): void;
}

const recountEveryMs = 10_000;

export function createAdmission({
  store,
  clock,
  logger,
  maxPending,
  maxUnsent,
}: AdmissionOptions): Admission {
  let pending = 0;
  let unsent = 0;
  const timers = createTimers(clock);

  async function recount(): Promise<void> {
    ({ pending, unsent } = await store.counts());
  }

  return {
    check() {
      if (pending >= maxPending) {
        throw new ReplytoError('TOO_MANY_PENDING', {
          detail: `${pending} requests are open; the limit is ${maxPending}`,
        });
      }
      if (unsent >= maxUnsent) {
        throw new ReplytoError('OUTBOX_FULL', {
          detail: `${unsent} requests wait for the broker; the limit is ${maxUnsent}`,
        });
      }
    },
    accepted() {
      pending += 1;
      unsent += 1;
    },
    sent: () => void (unsent = Math.max(0, unsent - 1)),
    ended: () => void (pending = Math.max(0, pending - 1)),
    counts: () => ({ pending, unsent }),
    async start() {
      await recount();
      timers.every(recountEveryMs, () =>
        recount().catch((error: unknown) => logger.warn({ err: error }, 'cannot count the open requests')),
      );
    },
    stop: () => timers.stop(),
  };
}
