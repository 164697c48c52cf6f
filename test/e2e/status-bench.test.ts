import { expect } from 'chai';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { whyNotPublished } from '../../bench/status/report/publishable.js';
import type { Results } from '../../bench/status/results.js';
import { processesWith, signalIfThere } from '../support/descendants.js';
import { processes } from '../support/process.js';
import { skip } from '../support/skip.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { createTestDatabase, givenDatabaseUrl } from '../support/test-database.js';
import { until, within } from '../support/until.js';

/** Which of the ways give what came while a client was away. */
const keeps = {
  ...{
    topic: false,
    'topic-durable': true,
    sse: true,
    'sse-request': true,
    websocket: true,
    'long-poll': true,
  },
  ...{ 'poll-100ms': false, 'poll-100ms-etag': false, 'poll-1s-events': true },
  ...{ 'database-100ms': true, 'database-notify': true, callback: false, 'callback-retried': true },
  ...{ 'file-100ms': true, 'file-watch': true },
};
/** After an absence, what these tell is the latest state alone. */
const tellsState = ['poll-100ms', 'poll-100ms-etag'];
const awayOnly = ['callback-retried', 'topic-durable'];

describe('npm run bench:status -- --smoke', function () {
  this.timeout(90_000);
  const { startSource } = processes();
  const folder = temporaryFolder();

  it('measures every way, each of which delivers every event, and writes tables and pictures', async () => {
    const parameters = [
      '--smoke',
      '--broker',
      'embedded',
      '--out',
      folder(),
      '--database-url',
      givenDatabaseUrl(),
    ];
    const child = startSource('bench/status/main.ts', parameters);
    const { code } = await within(child.exited, { what: 'the end of the benchmark', withinMs: 80_000 });
    expect(code, child.output()).to.equal(0);
    expect(child.stdout()).to.match(/^\d+ variants, about 0\.\d minutes\n/u);

    const results = JSON.parse(readFileSync(join(folder(), 'results.json'), 'utf8')) as Results;
    expect(results.failed).to.deep.equal([]);
    const hasDatabase = results.parts['database'] !== 'none';
    const ids = Object.keys(keeps).filter((id) => hasDatabase || !id.startsWith('database'));
    expect(results.away.map(({ variant }) => variant).sort()).to.deep.equal([...ids].sort());
    const measured = [...ids.filter((id) => !awayOnly.includes(id)), 'nobody'].sort();
    expect(results.measured.map(({ variant }) => variant).sort()).to.deep.equal(measured);

    for (const { variant, clients, runs } of results.measured.filter((one) => one.variant !== 'nobody')) {
      expect(runs, variant).to.have.length(1);
      const [run] = runs;
      expect(run, variant).to.deep.include({
        ...{ events: clients * results.steps, known: clients * results.steps, repeated: 0, failures: {} },
      });
      expect(run!.bytesReceived, `bytes of ${variant}`).to.be.greaterThan(run!.events);
      expect(run!.cpu.gateway === null, `gateway and ${variant}`).to.equal(
        /^(database|file|callback)/u.test(variant),
      );
    }
    for (const { variant, runs } of results.away) {
      const [run] = runs;
      expect(run!.events, variant).to.equal(10);
      const missed = { missed: run!.missed > 0, knew: run!.caughtUpMs !== null };
      const kept = keeps[variant as keyof typeof keeps];
      expect(missed, variant).to.deep.equal({ missed: !kept, knew: kept || tellsState.includes(variant) });
    }

    expect(results).to.include({ passes: 1, repeats: 1 });
    expect(results.idle).to.have.length(1);
    expect(results.idle[0]!.gateway).to.be.a('number');

    const page = readFileSync(join(folder(), 'report.md'), 'utf8');
    for (const sentence of results.missing) expect(page).to.contain(sentence);
    expect(results.missing.join()).to.contain('The broker is the one in the gateway');
    for (const { why } of results.leftOut) expect(page).to.contain(why);
    expect(results.leftOut.map(({ variant }) => variant)).to.deep.equal(
      hasDatabase ? [] : ['database-100ms', 'database-notify'],
    );
    expect(page).to.not.match(/NaN|undefined|Infinity|null/u);
    const pictures = readdirSync(folder()).filter((name) => name.endsWith('.svg'));
    expect(pictures).to.have.length(6);
    for (const name of pictures) {
      expect(page).to.contain(`](${name})`);
      expect(readFileSync(join(folder(), name), 'utf8')).to.not.match(/NaN|undefined|Infinity/u);
    }
  });

  const cases = [
    ['SIGTERM while it starts', 'SIGTERM', 'start'],
    ['SIGTERM in the midst of it', 'SIGTERM', 'midst'],
    ['SIGINT to all of its processes, twice, as from a terminal', 'SIGINT', 'midst'],
  ] as const;
  for (const [title, signal, when] of cases) {
    it(`leaves no process, schema or folder after ${title}`, async function () {
      if (!existsSync('/proc/self/environ')) return skip(this, 'processes that are left are found in /proc');
      const database = await createTestDatabase();
      if ('unavailable' in database) return skip(this, database.unavailable);
      try {
        const broker = when === 'start' ? [] : ['--broker', 'embedded'];
        const parameters = [
          '--smoke',
          ...broker,
          '--database-url',
          database.url,
          '--out',
          join(folder(), 'out'),
        ];
        const child = startSource('bench/status/main.ts', parameters, { env: { TMPDIR: folder() } });
        await child.line(when === 'start' ? /variants, about/u : /1\/1, 4 clients/u);
        if (when === 'midst') expect(await database.schemas('status_bench_')).to.have.length(1);
        if (signal === 'SIGTERM') child.kill(signal);
        else {
          for (let time = 0; time < 2; time += 1) {
            for (const { pid } of processesWith('TMPDIR', folder())) signalIfThere(pid, signal);
          }
        }
        const { code } = await within(child.exited, { what: 'its end', withinMs: 40_000 });
        expect([code, child.stderr()]).to.deep.equal([1, `stopped by ${signal}\n`]);
        await until(() => processesWith('TMPDIR', folder()).length === 0, {
          what: 'the end of its processes',
        });
        expect(await database.schemas('status_bench_')).to.deep.equal([]);
        expect(readdirSync(folder()).filter((name) => name.startsWith('replyto-'))).to.deep.equal([]);
      } finally {
        await database.remove();
      }
    });
  }

  it('goes on when PostgreSQL cuts its connections, and drops its schema all the same', async function () {
    const database = await createTestDatabase();
    if ('unavailable' in database) return skip(this, database.unavailable);
    try {
      const only = ['--smoke', '--repeats', '2', '--only', 'database-100ms,database-notify'];
      const parameters = [...only, '--broker', 'embedded', '--database-url', database.url, '--out', folder()];
      const child = startSource('bench/status/main.ts', parameters);
      await child.line(/1\/2, 4 clients/u);
      await database.disconnect();
      const { code } = await within(child.exited, { what: 'its end', withinMs: 60_000 });
      expect(child.stderr()).to.equal('');
      const { passes, failed } = JSON.parse(readFileSync(join(folder(), 'results.json'), 'utf8')) as Results;
      expect([code, passes]).to.deep.equal([failed.length > 0 ? 1 : 0, 2]);
      expect(await database.schemas('status_bench_')).to.deep.equal([]);
    } finally {
      await database.remove();
    }
  });

  it('ends when the gateway has ended, with what it has by then', async function () {
    if (!existsSync('/proc/self/environ')) return skip(this, 'its gateway is found in /proc');
    const only = ['--smoke', '--repeats', '9', '--only', 'sse,poll-100ms,callback'];
    const parameters = [
      ...only,
      '--broker',
      'embedded',
      '--database-url',
      givenDatabaseUrl(),
      '--out',
      folder(),
    ];
    const child = startSource('bench/status/main.ts', parameters, { env: { TMPDIR: folder() } });
    await child.line(/1\/9, clients that were away/u);
    const gateway = processesWith('TMPDIR', folder()).find(({ command }) =>
      command.includes('main.ts serve'),
    );
    process.kill(gateway!.pid, 'SIGKILL');
    const { code } = await within(child.exited, { what: 'its end', withinMs: 40_000 });
    expect([code, child.stderr()]).to.deep.equal([1, 'the gateway has ended\n']);
    const results = JSON.parse(readFileSync(join(folder(), 'results.json'), 'utf8')) as Results;
    expect(results.passes).to.be.within(1, 8);
    expect(whyNotPublished({ ...results, size: 'quick' })).to.equal(
      `the run was ended after ${results.passes} of 9 passes`,
    );
    await until(() => processesWith('TMPDIR', folder()).length === 0, { what: 'the end of its processes' });
  });

  it('refuses what it does not know', async () => {
    const cases: [string[], RegExp][] = [
      [['--only', 'pigeon'], /^--only pigeon: topic, .* are allowed$/mu],
      [['--clients', '0'], /^--clients 0: a whole number from 1 to 10,000 is allowed$/mu],
      [['--clients', '100,100'], /^--clients 100,100: at most 3 numbers, each once, are allowed$/mu],
      [['--repeats', 'two'], /^--repeats two: a whole number from 1 to 100 is allowed$/mu],
      [['--publish', 'package.json'], /^package.json: its format is not given; 2 is allowed$/mu],
    ];
    for (const [parameters, words] of cases) {
      const child = startSource('bench/status/main.ts', parameters);
      const { code } = await within(child.exited, { what: 'its end', withinMs: 20_000 });
      expect([code, child.stdout()]).to.deep.equal([1, '']);
      expect(child.stderr()).to.match(words);
    }
  });
});
