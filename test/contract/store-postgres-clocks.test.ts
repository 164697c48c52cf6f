import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { openPostgresStore } from '#adapters/store/open-postgres-store.js';
import type { Store } from '#adapters/store/store.js';
import { systemClock } from '#app/system-clock.js';
import { queue } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import { toRequestMessage } from '#messaging/request-message.js';
import { newRequest } from '../support/requests.js';
import { skip } from '../support/skip.js';
import type { TestDatabase } from '../support/test-database.js';
import { createTestDatabase } from '../support/test-database.js';
import { until } from '../support/until.js';

const mostSkewMs = 5 * 60_000;
/** What a busy machine may take between two steps. */
const busyMs = 3_000;

describe('deadlines of gateways whose clocks differ', function () {
  this.timeout(120_000);
  let database: TestDatabase | undefined;

  before(async function () {
    const created = await createTestDatabase();
    if ('unavailable' in created) skip(this, created.unavailable);
    database = created;
  });
  after(() => database?.remove());

  const off = (skewMs: number): Clock => ({ ...systemClock, now: () => systemClock.now() + skewMs });
  const open = (skewMs: number): Promise<Store> =>
    openPostgresStore({ url: database!.url, clock: off(skewMs), newId: randomUUID, poolSize: 3 });

  /** Accepted by one, sent and ended by the other. */
  async function expectDeadline(accepting: Store, other: Store, timeoutMs: number): Promise<void> {
    const id = randomUUID();
    const before = systemClock.now();
    const accepted = await accepting.requests.accept(newRequest({ id, timeoutMs }), {
      ...{ owner: null, leaseMs: 60_000 },
    });
    const beganAt = systemClock.monotonic();
    if (accepted.kind !== 'created') throw new Error(accepted.kind);
    const { expiresAt } = accepted.record;
    expect(expiresAt! - before - timeoutMs, 'as the caller is told').to.be.within(-100, busyMs);

    const [claimed] = await other.requests.claimUnsent({ owner: 'other', leaseMs: 60_000, limit: 1 });
    const deployment = { storeId: other.id, secret: other.secret, replies: queue('replies') };
    const { properties } = toRequestMessage(claimed!, deployment, other.time.now());
    expect(properties.expiresAt).to.equal(expiresAt);
    expect(properties.deadlineMs, 'as the service is told').to.be.within(
      Math.max(0, timeoutMs - busyMs),
      timeoutMs + 100,
    );

    await until(async () => (await other.requests.expireDue(10)).length > 0, { what: 'the end' });
    const tookMs = systemClock.monotonic() - beganAt;
    expect(tookMs, 'as long as it was open').to.be.within(timeoutMs - 100, timeoutMs + busyMs);
    expect(await accepting.requests.find(id)).to.include({ status: 'expired' });
  }

  it('are those that callers asked for, whichever accepts, sends and ends a request, with clocks up to five minutes off', async () => {
    const skews = fc.integer({ min: -mostSkewMs, max: mostSkewMs });
    const timeouts = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 3 });
    const ends = [-mostSkewMs, mostSkewMs] as const;
    await fc.assert(
      fc.asyncProperty(skews, skews, timeouts, async (one, another, timeoutsMs) => {
        const [accepting, other] = await Promise.all([open(one), open(another)]);
        try {
          for (const timeoutMs of timeoutsMs) await expectDeadline(accepting, other, timeoutMs);
        } finally {
          await Promise.all([accepting.close(), other.close()]);
        }
      }),
      {
        numRuns: 15,
        examples: [
          [ends[0], ends[1], [300]],
          [ends[1], ends[0], [300]],
        ],
      },
    );
  });
});
