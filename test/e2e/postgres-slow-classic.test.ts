import { expect } from 'chai';
import { describeOn } from '../support/brokers.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { report } from '../support/report.js';
import { sized } from '../support/long-run.js';
import type { SilentProxy } from '../support/silent-proxy.js';
import { startSilentProxy } from '../support/silent-proxy.js';
import { skip } from '../support/skip.js';
import type { TestDatabase } from '../support/test-database.js';
import { createTestDatabase } from '../support/test-database.js';
import type { TroubleBench } from '../support/trouble-bench.js';
import { startTroubleBench } from '../support/trouble-bench.js';

const answerMs = sized({ short: 300, long: 5_000 });
/** A transaction is up to fifteen answers, and what comes while one runs waits for the next. */
const mostMs = 35 * answerMs;
const poolSize = 10;

describeOn('classic', 'a gateway whose PostgreSQL is slow', (classic) => {
  let database: TestDatabase | undefined;
  let proxy: SilentProxy | undefined;
  let bench: TroubleBench | undefined;

  before(async function () {
    this.timeout(120_000);
    const created = await createTestDatabase();
    if ('unavailable' in created) return skip(this, created.unavailable);
    database = created;
    proxy = await startSilentProxy(database.url);
    const settings = { STORE_URL: proxy.url, REPLYTO_STORE__POOL_SIZE: String(poolSize) };
    bench = await startTroubleBench({ brokerUrl: classic().url, settings });
  });
  after(async function () {
    this.timeout(60_000);
    proxy?.resume();
    await bench?.remove();
    await proxy?.stop();
    await database?.remove();
  });

  async function timed(ask: () => Promise<HttpAnswer>): Promise<{ status: number; ms: number }> {
    const askedAt = performance.now();
    const { status } = await ask();
    return { status, ms: performance.now() - askedAt };
  }

  happens(
    'Surroundings',
    'each answer of PostgreSQL takes long',
    'every call has its answer, 202 or 503, in the time of 35 such answers however many come, and no more connections are made than store.poolSize; when it is fast again calls are at once, and all that was accepted is answered',
    async function () {
      this.timeout(sized({ short: 120_000, long: 600_000 }));
      const { underLoad, ask, service } = bench!;
      await underLoad(100);
      proxy!.slowDown(answerMs);
      // The replies come, too.
      service.hold(0);
      const calls: Promise<{ status: number; ms: number }>[] = [];
      for (let round = 0; round < 2; round += 1) {
        const sent = Array.from({ length: 50 }, () => timed(ask));
        calls.push(...sent);
        await Promise.race(sent);
      }
      const answers = await Promise.all(calls);
      expect((await database!.serverProcesses()).length).to.be.at.most(poolSize);
      const slowest = Math.max(...answers.map(({ ms }) => ms));
      const statuses = answers.map(({ status }) => status);
      expect(new Set([...statuses, 202, 503])).to.deep.equal(new Set([202, 503]));
      expect(slowest).to.be.within(answerMs, mostMs);

      proxy!.resume();
      service.hold(100);
      // What was under way then is finished before.
      await ask();
      const { status, ms } = await timed(ask);
      expect(status).to.equal(202);
      expect(ms).to.be.below(2_000);
      const all = await bench!.expectAllAnswered();
      const taken = statuses.filter((each) => each === 202).length;
      report(
        this,
        `100 calls while each answer of PostgreSQL took ${answerMs / 1_000} s: ${taken} taken, ${100 - taken} refused, the slowest after ` +
          `${Math.round(slowest / 1_000)} s; ${Math.round(ms)} ms for a call when it was fast again; ${all} accepted, 0 lost`,
      );
    },
  );
});
