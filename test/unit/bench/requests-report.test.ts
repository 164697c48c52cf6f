import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { judgeAims } from '../../../bench/requests/report/aims.js';
import { toFigures } from '../../../bench/requests/report/figures.js';
import { documentationOf, readResults, reportFiles } from '../../../bench/requests/report/publish.js';
import type { Results } from '../../../bench/requests/results.js';
import { inventRequestResults } from '../../support/invented-request-results.js';
import { delaysOf } from '../../support/invented-results.js';
import { skip } from '../../support/skip.js';

const holes = /NaN|undefined|Infinity|null|∞/u;

function pageOf(results: Results): string {
  return reportFiles(results)[0]!.contents;
}

/** By what they are about: what was found, and whether that is enough. */
function aimsOf(results: Results): Map<string, string> {
  const aims = judgeAims(results, toFigures(results));
  return new Map(aims.map(({ what, wanted, found, isMet }) => [`${what}: ${wanted}`, `${found}: ${isMet}`]));
}

const idleParts = { subject: 1, broker: 1, database: null, service: 1, callers: 1 };

describe('the report of the benchmark of requests', () => {
  it('has tables for every load, pictures, and no holes', () => {
    const results = inventRequestResults();
    for (const { name, contents } of reportFiles(results)) expect(contents, name).to.not.match(holes);
    expect(reportFiles(results).map(({ name }) => name)).to.deep.equal([
      ...['report.md', 'throughput-http.svg', 'throughput-library.svg', 'delay-http.svg'],
    ]);
    const page = pageOf(results);
    for (const title of [
      '### 1 connection\n',
      '### 200 connections',
      '### 100 in flight',
      '## Over HTTP, at a fixed',
    ])
      expect(page).to.contain(title);
    expect(page).to.contain('| naive bridge, Classic | 1,010 (1,000–1,020) | 21 (20–22) |');
    expect(page).to.contain('| replyto, Classic, SQLite | 500 | 0 | 21 (20–22) |');
    expect(page).to.contain('3 turns of each way, 33 minutes');
    expect(page).to.not.contain('What was not as it should be');
  });

  it('judges by the medians, not by the best or the worst of the turns', () => {
    const slow = inventRequestResults(({ way, repeat }) =>
      way.id === 'classic-sqlite' && repeat === 2 ? { replied: 10, delays: delaysOf(10, 900) } : {},
    );
    const aims = aimsOf(slow);
    const throughput = 'replies per second of replyto, Classic, SQLite, 50 connections';
    expect(aims.get(`${throughput}: those of naive bridge, Classic`)).to.equal(
      '0.990 × (1,000 and 1,010): false',
    );
    expect(aims.get(`${throughput}: 1.3 × those of naive bridge, Classic`)).to.match(/: false$/u);
    const p99 =
      'p99 of replyto, Classic, SQLite, 50 connections: no longer than that of naive bridge, Classic';
    expect(aims.get(p99)).to.equal('21 ms and 21 ms: true');
  });

  it('judges every aim, each of which can be met and missed', () => {
    const good = inventRequestResults(({ way, width }) => {
      if (way.id === 'naive') return { replied: 6_000, delays: delaysOf(10, width === 1 ? 1.5 : 90) };
      return way.id === 'bare' ? { replied: 8_100 } : {};
    });
    const met = judgeAims(good, toFigures(good));
    expect(met.filter(({ isMet }) => isMet !== true)).to.deep.equal([]);
    const bad = inventRequestResults(({ way, width }) => {
      if (way.id === 'naive') return { replied: 60_000, delays: delaysOf(10, width === 1 ? 0.5 : 5) };
      if (way.id === 'express' || way.id === 'bare') return { replied: 90_000 };
      return { memory: { subject: 151e6, broker: 1, database: null, service: 1, callers: 1 } };
    });
    const samples = Array.from({ length: 600 }, (_, index) => 60_000_000 + index * 100_000);
    const missed = judgeAims({ ...bad, memory: { ...bad.memory!, samples } }, toFigures(bad));
    expect(missed.map(({ isMet }) => isMet)).to.deep.equal(met.map(() => false));
    expect(met).to.have.length(17);
  });

  it('says what it could not measure, and holds it neither for met nor for missed', () => {
    const results = inventRequestResults();
    const why = 'Not measured: replyto, Classic, PostgreSQL. STORE_URL is not allowed';
    const without = {
      ...results,
      memory: null,
      measured: results.measured.filter(({ way }) => way !== 'classic-postgres'),
      leftOut: [{ way: 'classic-postgres', why }],
    };
    const aims = judgeAims(without, toFigures(without)).filter(({ isMet }) => isMet === null);
    expect(aims.map(({ what }) => what)).to.deep.equal([
      'replies per second of replyto, Classic, PostgreSQL, 50 connections',
      'replies per second of replyto, Classic, PostgreSQL, 200 connections',
      'memory of replyto, Classic, PostgreSQL, 200 connections',
      'memory over ten minutes',
    ]);
    expect(pageOf(without)).to.contain(why);
    expect(pageOf(without)).to.not.match(holes);
    expect(documentationOf(without)).to.have.length(5);
  });

  it('shows what bounds a way that missed an aim', () => {
    const results = inventRequestResults(({ way, width }) =>
      way.id === 'classic-sqlite' && width === 50 ? { replied: 4_000 } : {},
    );
    const own = [{ name: 'parse', place: 'src/adapters/stomp/frame-reader.ts:12', own: 0.25, total: 0.3 }];
    const profile = {
      ...{ way: 'classic-sqlite', width: 50, seconds: 8, idleShare: 0.2, gcShare: 0.05, own, total: own },
      places: [
        { name: '(idle)', share: 0.2 },
        { name: 'src/adapters/stomp', share: 0.5 },
      ],
    };
    const page = pageOf({ ...results, profiles: [profile] });
    expect(page).to.contain(
      '- replyto, Classic, SQLite, 50 connections: 4.00 ms of CPU time per reply (the process under test 1.00, broker 1.00, service 1.00, callers 1.00): at most 500 per second on 2 cores. The parts kept 2.00 of 2 cores busy: the CPU is the bound. Of the process under test, 20 % of the time was idle; most went to src/adapters/stomp 50 %.',
    );
    expect(page).to.contain('| parse | src/adapters/stomp/frame-reader.ts:12 | 25 % | 30 % |');
  });

  it('tells apart a machine that is full of others, and one on which somebody waits', () => {
    const slowWith = (machineCpu: number): Results =>
      inventRequestResults(({ way }) => ({
        machineCpu,
        ...(way.id === 'classic-sqlite' ? { replied: 4_000, cpu: idleParts } : {}),
      }));
    expect(pageOf(slowWith(16))).to.contain(
      'The parts kept 0.500 of 2 cores busy, other programs 1.50: the CPU is the bound, and there was less of it than on a quiet machine.',
    );
    expect(pageOf(slowWith(4))).to.contain(
      'The parts kept 0.500 of 2 cores busy: the CPU is not the bound, somebody waits.',
    );
    expect(pageOf(inventRequestResults(() => ({ machineCpu: 24 })))).to.contain(
      '- Other programs kept 1.00 of 2 cores busy in half of the measurements or more, up to 1.00: throughput',
    );
  });

  it('of memory alone speaks of nothing else', () => {
    const { memory } = inventRequestResults();
    const alone = pageOf(inventRequestResults(undefined, { measured: [], repeats: 0, passes: 0, memory }));
    expect(alone).to.contain('memory alone, 33 minutes');
    expect(alone).to.contain('| memory over 10 minutes, replyto, Classic, SQLite, 200 connections | flat:');
    expect(alone).to.contain('600,000 replies in 10 minutes. MB: after 0.833 min 100, ');
    expect(alone).to.not.match(/not measured|naive|How it was measured/u);
  });

  it('tells failures, and is never made of what is not whole', () => {
    const failing = inventRequestResults(({ way, repeat }) =>
      way.id === 'naive' && repeat === 0 ? { failures: { 'status 504': 3 } } : {},
    );
    expect(pageOf(failing)).to.contain('- naive bridge, Classic, 50 connections: 3 × status 504.');
    const cases: [Partial<Results>, string][] = [
      [{ size: 'smoke' }, 'no figures that are worth reading'],
      [{ passes: 2 }, 'ended after 2 of 3 passes'],
      [{ failed: ['1/3, naive bridge: no broker'] }, '1 measurements failed, the first: 1/3, naive bridge'],
      [{ planned: ['naive'] }, 'express was not asked for (--only)'],
      [{ measured: [] }, 'express has 0 of 3 measurements at 1'],
    ];
    for (const [changes, words] of cases) {
      expect(() => documentationOf(inventRequestResults(undefined, changes))).to.throw(words);
    }
    const once = inventRequestResults(undefined, { size: 'quick', repeats: 1, passes: 1 });
    expect(documentationOf(once)[0]!.contents).to.contain('this run had 1, so they say little');
  });

  it('is what its published results make it', function () {
    const path = 'docs/request-benchmark/results.json';
    if (!existsSync(path)) return skip(this, 'no run has been published');
    for (const { name, contents } of documentationOf(readResults(readFileSync(path, 'utf8'), path))) {
      const hint = `npm run bench -- --publish writes ${name}`;
      expect(readFileSync(name, 'utf8'), hint).to.equal(contents);
    }
  });
});
