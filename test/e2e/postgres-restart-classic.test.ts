import { expect } from 'chai';
import { countAtClassic } from '../support/browse-queue.js';
import { describeOn } from '../support/brokers.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import type { OwnPostgres } from '../support/own-postgres.js';
import { startOwnPostgres } from '../support/own-postgres.js';
import { report } from '../support/report.js';
import { skip } from '../support/skip.js';
import type { TroubleBench } from '../support/trouble-bench.js';
import { startTroubleBench } from '../support/trouble-bench.js';
import { until } from '../support/until.js';

describeOn('classic', 'a gateway whose PostgreSQL is restarted', (classic) => {
  let postgres: OwnPostgres | undefined;
  let bench: TroubleBench | undefined;

  before(async function () {
    this.timeout(120_000);
    const started = await startOwnPostgres();
    if ('unavailable' in started) return skip(this, started.unavailable);
    postgres = started;
    bench = await startTroubleBench({ brokerUrl: classic().url, settings: { STORE_URL: postgres.url } });
  });
  after(async function () {
    this.timeout(60_000);
    await bench?.remove();
    await postgres?.remove();
  });

  /** It answers 503 in any case; then all replies that the service has kept back come. */
  async function whileAway(): Promise<{ waiting: number; accepted: number }> {
    const { gateway, service, load, replies, ask } = bench!;
    const refused = await until(
      async () => {
        const answer = await ask();
        return answer.status !== 202 && answer;
      },
      { what: 'a refusal' },
    );
    expect([refused.status, refused.json()['code']]).to.deep.equal([503, 'STORE_UNAVAILABLE']);
    const accepted = load.accepted.length;
    const waiting = service.running;
    service.hold(0);
    await until(async () => (await countAtClassic(classic().url, replies)) >= waiting, {
      what: `${waiting} replies at the broker`,
    });
    expect((await call(`${gateway.url}/readyz`)).status).to.equal(503);
    return { waiting, accepted };
  }

  async function backAgain({ accepted }: { accepted: number }): Promise<number> {
    expect(bench!.load.accepted.length, 'accepted while it was away').to.equal(accepted);
    bench!.service.hold(100);
    await postgres!.restart();
    const backAt = performance.now();
    await until(() => bench!.load.accepted.length > accepted, { what: 'accepted requests' });
    return Math.round(performance.now() - backAt);
  }

  happens(
    'Surroundings',
    'PostgreSQL is stopped at once (pg_ctl stop -m immediate) under load, and after a while killed, and started again each time while replies pour in',
    '503 for new requests meanwhile, the replies stay at the broker; all goes on by itself within seconds, and all that was accepted is answered',
    async function () {
      this.timeout(180_000);
      const { underLoad, givenBack } = bench!;
      await underLoad(200);
      await postgres!.abort();
      const first = await whileAway();
      const recoveredMs = [await backAgain(first)];

      await underLoad(200);
      await postgres!.kill();
      const second = await whileAway();
      await givenBack();
      expect(await countAtClassic(classic().url, bench!.replies)).to.be.at.least(second.waiting);
      recoveredMs.push(await backAgain(second));

      const answered = await bench!.expectAllAnswered();
      report(
        this,
        `PostgreSQL stopped at once and killed with ${first.waiting} and ${second.waiting} replies to come: ` +
          `requests taken ${recoveredMs.join(' and ')} ms after it answered, ${answered} accepted, 0 lost`,
      );
    },
  );
});
