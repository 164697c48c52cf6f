import { expect } from 'chai';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from '../../bench/requests/results.js';
import { createPlan } from '../../bench/requests/plan.js';
import { sharedBroker } from '../support/brokers.js';
import { processesWith, signalIfThere } from '../support/descendants.js';
import { processes } from '../support/process.js';
import { skip } from '../support/skip.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { givenDatabaseUrl } from '../support/test-database.js';
import { until, within } from '../support/until.js';

const classic = sharedBroker('classic');
const broker = 'unavailable' in classic ? 'none' : classic.url;
const main = 'bench/requests/main.ts';

describe('npm run bench -- --smoke', function () {
  this.timeout(120_000);
  const { startSource } = processes();
  const folder = temporaryFolder();
  const parametersWith = (...more: string[]): string[] => [
    ...['--smoke', '--broker', broker, '--database-url', givenDatabaseUrl(), '--out', join(folder(), 'out')],
    ...more,
  ];
  const resultsOf = (): Results =>
    JSON.parse(readFileSync(join(folder(), 'out', 'results.json'), 'utf8')) as Results;

  it('has a reply for every request of every way, and writes tables and pictures', async () => {
    const child = startSource(main, parametersWith());
    const { code } = await within(child.exited, { what: 'the end of the benchmark', withinMs: 100_000 });
    expect(code, child.output()).to.equal(0);
    expect(child.stdout()).to.match(/^\d+ ways, about 0\.\d minutes\n/u);

    const results = resultsOf();
    expect(results).to.deep.include({ passes: 1, failed: [], rates: { http: 50, library: 50 } });
    const left = results.leftOut.map(({ way }) => way);
    for (const { way, why } of results.leftOut) {
      expect(why, way).to.match(/^(?:Not measured: .+\. .+|Without (?:ActiveMQ Classic|PostgreSQL), .+)$/u);
      expect(way.includes('postgres') || broker === 'none', why).to.equal(true);
    }
    const { ways } = createPlan('smoke', { only: [] });
    for (const { id, kind, broker: used } of ways.filter((way) => !left.includes(way.id))) {
      const cells = results.measured.filter(({ way }) => way === id);
      expect(cells.map(({ width, rate }) => [width, rate])).to.deep.equal([
        [results.widths[kind][0], null],
        [results.widths[kind][0], 50],
      ]);
      for (const { runs } of cells) expect(runs[0], id).to.deep.include({ failures: {} });
      // A busy machine may have no reply within the moment in which replies are counted; what falls due gets its reply.
      const run = cells[1]!.runs[0]!;
      expect([run.asked, run.replied], id).to.deep.equal([10, 10]);
      expect([run.stages !== null, run.cpu.service !== null], id).to.deep.equal([
        used !== null,
        used !== null,
      ]);
      expect(run.cpu.callers !== null, id).to.equal(kind === 'http');
      expect(run.memory.subject, id).to.be.greaterThan(20_000_000);
      expect(run.gateway !== null, id).to.equal(/^(?:embedded|classic)-/u.test(id));
    }
    const page = readFileSync(join(folder(), 'out', 'report.md'), 'utf8');
    expect(page).to.not.match(/NaN|undefined|Infinity|null/u);
    for (const sentence of [...results.missing, ...results.leftOut.map(({ why }) => why)])
      expect(page).to.contain(sentence);
    const pictures = readdirSync(join(folder(), 'out')).filter((name) => name.endsWith('.svg'));
    for (const name of pictures) {
      expect(page).to.contain(`](${name})`);
      expect(readFileSync(join(folder(), 'out', name), 'utf8')).to.not.match(/NaN|undefined|Infinity/u);
    }
    expect(pictures.length).to.be.within(2, 3);
  });

  const cases = [
    ['SIGTERM while it starts', 'start', 'SIGTERM'],
    ['SIGTERM in the midst of it', 'midst', 'SIGTERM'],
    ['SIGINT to all of its processes, twice, as from a terminal', 'midst', 'SIGINT'],
  ] as const;
  for (const [title, when, signal] of cases) {
    it(`leaves no process or folder after ${title}`, async function () {
      if (!existsSync('/proc/self/environ')) return skip(this, 'processes that are left are found in /proc');
      const child = startSource(main, parametersWith('--repeats', '9', '--only', 'express,embedded-sqlite'), {
        env: { TMPDIR: folder() },
      });
      await child.line(when === 'start' ? /ways, about/u : /1\/9, replyto, embedded, SQLite, 2 connections/u);
      if (signal === 'SIGTERM') child.kill(signal);
      else {
        for (let time = 0; time < 2; time += 1) {
          for (const { pid } of processesWith('TMPDIR', folder())) signalIfThere(pid, signal);
        }
      }
      const { code } = await within(child.exited, { what: 'its end', withinMs: 40_000 });
      expect([code, child.stderr()]).to.deep.equal([1, `stopped by ${signal}\n`]);
      await until(() => processesWith('TMPDIR', folder()).length === 0, { what: 'the end of its processes' });
      expect(readdirSync(folder()).filter((name) => name.startsWith('replyto-'))).to.deep.equal([]);
    });
  }

  it('goes on when what is under test dies, and tells of it', async function () {
    if (!existsSync('/proc/self/environ')) return skip(this, 'its gateway is found in /proc');
    const only = ['--repeats', '2', '--only', 'express,embedded-sqlite'];
    const child = startSource(main, parametersWith(...only), { env: { TMPDIR: folder() } });
    await child.line(/1\/2, replyto, embedded, SQLite, 2 connections/u);
    const gateway = processesWith('TMPDIR', folder()).find(({ command }) =>
      command.includes('main.ts serve'),
    );
    process.kill(gateway!.pid, 'SIGKILL');
    const { code } = await within(child.exited, { what: 'its end', withinMs: 90_000 });
    const { failed, passes, measured } = resultsOf();
    expect([code, passes]).to.deep.equal([1, 2]);
    expect(failed.join()).to.match(/^1\/2, replyto, embedded, SQLite: the gateway has ended$/u);
    const echo = measured.find(({ way, rate }) => way === 'express' && rate === null);
    expect(echo!.runs).to.have.length(2);
  });

  it('ends when a part has ended that all need, with what it has by then', async function () {
    if (!existsSync('/proc/self/environ')) return skip(this, 'its service is found in /proc');
    const only = ['--repeats', '9', '--only', 'express,embedded-sqlite'];
    const child = startSource(main, parametersWith(...only), { env: { TMPDIR: folder() } });
    await child.line(/1\/9, replyto, embedded, SQLite, 2 connections/u);
    const service = processesWith('TMPDIR', folder()).find(({ command }) => command.includes('service.ts'));
    process.kill(service!.pid, 'SIGKILL');
    const { code } = await within(child.exited, { what: 'its end', withinMs: 90_000 });
    expect([code, child.stderr()]).to.deep.equal([1, 'the service has ended\n']);
    expect(resultsOf().passes).to.be.below(9);
    await until(() => processesWith('TMPDIR', folder()).length === 0, { what: 'the end of its processes' });
  });

  it('shows where the time of a way goes', async () => {
    const parameters = parametersWith('--profile', 'embedded-sqlite', '--connections', '3');
    const child = startSource(main, parameters);
    const { code } = await within(child.exited, { what: 'its end', withinMs: 110_000 });
    expect(code, child.output()).to.equal(0);
    expect(child.stdout()).to.contain('### replyto, embedded, SQLite, 3 connections');
    expect(child.stdout()).to.match(/\| src\/\S+\.ts:\d+ \|/u);
    expect(readdirSync(join(folder(), 'out')).sort()).to.deep.equal([
      'embedded-sqlite.cpuprofile',
      'profile.md',
    ]);
  });

  it('refuses what it does not know', async () => {
    const wrong: [string[], RegExp][] = [
      [['--only', 'pigeon'], /^--only pigeon: express, naive, .* are allowed$/mu],
      [['--connections', '0'], /^--connections 0: a whole number from 1 to 10,000 is allowed$/mu],
      [['--in-flight', '5,5'], /^--in-flight 5,5: at most 3 numbers, each once, are allowed$/mu],
      [['--profile', 'express'], /^--profile express: naive, .* are allowed$/mu],
      [['--publish', 'package.json'], /^package.json: its format is not given; 1 is allowed$/mu],
      [['--quick', '--smoke'], /^--quick and --smoke: one of them is allowed$/mu],
    ];
    const ends = wrong.map(async ([parameters, words]) => {
      const child = startSource(main, parameters);
      const { code } = await within(child.exited, { what: 'its end', withinMs: 40_000 });
      expect([code, child.stdout()]).to.deep.equal([1, '']);
      expect(child.stderr()).to.match(words);
    });
    await Promise.all(ends);
  });
});
