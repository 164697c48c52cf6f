/**
 * Admission control: how many requests may be open, in all and of one name, and how many may wait for an away broker. Counted in memory and
 * set right from the store now and then, because a count per request would cost more than the request.
 */
import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { RequestCounts, RequestStore } from '#core/ports/request-store.js';
import { shareRefusal } from './name-shares.js';
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

/** How many requests would be open, and how many of them are to be sent. */
interface Coming {
  readonly open: number;
  readonly toSend: number;
}

const one: Coming = { open: 1, toSend: 1 };

/** `name`: who posted the request; null where nobody has a name. */
export interface Admission {
  /**
   * @param coming what would come in at once; default one request
   * @throws TOO_MANY_PENDING, OUTBOX_FULL
   */
  check(name: string | null, coming?: Coming): void;
  accepted(name: string | null): void;
  /** One that goes to no queue itself: it is open, and not waiting to be sent. */
  opened(name: string | null): void;
  sent(): void;
  ended(name: string | null): void;
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
  let ofNames = new Map<string, number>();
  const timers = createTimers(clock);

  async function recount(): Promise<void> {
    ({ pending, unsent } = await store.counts());
    ofNames = new Map(await store.countsByName());
  }

  const of = (name: string | null): number => (name === null ? 0 : (ofNames.get(name) ?? 0));

  function change(name: string | null, by: 1 | -1): void {
    pending = Math.max(0, pending + by);
    if (name === null) return;
    const count = of(name) + by;
    if (count > 0) ofNames.set(name, count);
    else ofNames.delete(name);
  }

  return {
    check(name, { open, toSend } = one) {
      const more = open - 1;
      const counts = { limit: maxPending, all: pending + more, own: of(name) + more, name };
      const refusal = shareRefusal({ ...counts, what: 'requests are open' });
      if (refusal !== null) throw new ReplytoError('TOO_MANY_PENDING', { detail: refusal });
      if (unsent + toSend > maxUnsent) {
        const others = toSend > 1 ? ` and ${toSend} are to come` : '';
        throw new ReplytoError('OUTBOX_FULL', {
          detail: `${unsent} requests wait for the broker${others}; the limit is ${maxUnsent}`,
        });
      }
    },
    accepted(name) {
      change(name, 1);
      unsent += 1;
    },
    opened: (name) => change(name, 1),
    sent: () => void (unsent = Math.max(0, unsent - 1)),
    ended: (name) => change(name, -1),
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
