import { expect } from 'chai';
import pg from 'pg';
import { countAtClassic } from '../support/browse-queue.js';
import { describeOn } from '../support/brokers.js';
import { happens } from '../support/happens.js';
import type { OwnPostgres } from '../support/own-postgres.js';
import { startOwnPostgres } from '../support/own-postgres.js';
import { report } from '../support/report.js';
import { skip } from '../support/skip.js';
import type { SmallDisk } from '../support/small-disk.js';
import { mountSmallDisk } from '../support/small-disk.js';
import type { TroubleBench } from '../support/trouble-bench.js';
import { startTroubleBench } from '../support/trouble-bench.js';
import { until } from '../support/until.js';

/** New tables and 50,000 more rows of them. */
const tablesMegabytes = 120;
const logMegabytes = 80;

describeOn('classic', 'a gateway whose PostgreSQL has a full disk', (classic) => {
  const disks: SmallDisk[] = [];
  let postgres: OwnPostgres | undefined;
  let bench: TroubleBench | undefined;

  before(async function () {
    this.timeout(120_000);
    for (const megabytes of [tablesMegabytes, logMegabytes]) {
      const mounted = await mountSmallDisk(megabytes);
      if ('unavailable' in mounted) return skip(this, mounted.unavailable);
      disks.push(mounted);
    }
    const started = await startOwnPostgres({ dataFolder: disks[0]!.path, walFolder: disks[1]!.path });
    if ('unavailable' in started) return skip(this, started.unavailable);
    postgres = started;
    bench = await startTroubleBench({ brokerUrl: classic().url, settings: { STORE_URL: postgres.url } });
  });
  after(async function () {
    this.timeout(60_000);
    await bench?.remove();
    await postgres?.remove();
    for (const disk of disks) await disk.remove();
  });

  /** The refusal of a new request, as soon as there is no room for one. */
  async function refusal(): Promise<string> {
    const { ask } = bench!;
    const refused = await until(
      async () => {
        const answer = await ask();
        return answer.status !== 202 && answer;
      },
      { what: 'a refusal', withinMs: 60_000 },
    );
    expect([refused.status, refused.json()['code']]).to.deep.equal([503, 'STORE_UNAVAILABLE']);
    return refused.text();
  }

  async function expectRepliesStay(): Promise<number> {
    const { service, replies, givenBack } = bench!;
    service.hold(0);
    await until(() => service.running === 0, { what: 'the broker to have all replies' });
    await givenBack();
    const kept = await countAtClassic(classic().url, replies);
    // Few still fit in the space that tables have.
    expect(kept).to.be.at.least(50);
    service.hold(100);
    return kept;
  }

  happens(
    'Surroundings',
    'the disk with the tables of PostgreSQL is full (53100), and replies come',
    '503 which says so, the replies stay at the broker; when there is room again requests and replies are taken, by itself and at once',
    async function () {
      this.timeout(120_000);
      const [tables] = disks;
      await bench!.underLoad(100);
      tables!.fill();
      await until(async () => (await refusal()).includes('its disk is full'), { what: 'the reason' });
      const kept = await expectRepliesStay();
      const accepted = bench!.load.accepted.length;
      await tables!.free();
      const roomAt = performance.now();
      await until(() => bench!.load.accepted.length > accepted, { what: 'accepted requests' });
      const recoveredMs = Math.round(performance.now() - roomAt);
      await until(async () => (await countAtClassic(classic().url, bench!.replies)) === 0, {
        what: 'all replies to be taken',
      });
      report(
        this,
        `${kept} replies stayed at the broker; requests taken ${recoveredMs} ms after there was room`,
      );
    },
  );

  happens(
    'Surroundings',
    'PostgreSQL has no room for its log of changes and ends itself (PANIC), and replies come',
    '503, the replies stay at the broker; when it runs again all goes on by itself, and all that was accepted is answered',
    async function () {
      this.timeout(120_000);
      const [, log] = disks;
      await bench!.underLoad(100);
      log!.fill();
      await until(() => writeLog(postgres!.url), { what: 'PostgreSQL to end itself' });
      await refusal();
      expect(postgres!.output()).to.include('PANIC').and.to.include('No space left on device');
      const kept = await expectRepliesStay();
      await log!.free();
      await postgres!.restart();
      const answered = await bench!.expectAllAnswered();
      report(
        this,
        `${kept} replies stayed at the broker; ${answered} accepted before, between and after, 0 lost`,
      );
    },
  );
});

/** A megabyte of it; true when the server has ended over it. */
async function writeLog(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(`SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000))`);
    return false;
  } catch {
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}
