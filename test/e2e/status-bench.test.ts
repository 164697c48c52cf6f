import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from '../../bench/status/results.js';
import { processes } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { within } from '../support/until.js';

/** Which of the ways give what came while a client was away. */
const keeps = {
  ...{ topic: false, sse: true, websocket: true, 'long-poll': false, 'poll-100ms-etag': false },
  ...{ 'database-100ms': true, 'database-notify': true, callback: false, 'callback-retried': true },
  ...{ 'file-100ms': true, 'file-watch': true },
};
/** After an absence, what these tell is the latest state alone. */
const tellsState = ['long-poll', 'poll-100ms-etag'];

describe('npm run bench:status -- --smoke', function () {
  this.timeout(90_000);
  const { startSource } = processes();
  const folder = temporaryFolder();

  it('measures every way, each of which delivers every event, and writes tables and pictures', async () => {
    const given = process.env['TEST_DATABASE_URL'];
    const database = given === undefined || given === '' ? [] : ['--database-url', given];
    const parameters = ['--smoke', '--broker', 'embedded', '--out', folder(), ...database];
    const child = startSource('bench/status/main.ts', parameters);
    const { code } = await within(child.exited, { what: 'the end of the benchmark', withinMs: 80_000 });
    expect(code, child.output()).to.equal(0);

    const results = JSON.parse(readFileSync(join(folder(), 'results.json'), 'utf8')) as Results;
    expect(results.failed).to.deep.equal([]);
    const hasDatabase = results.parts['database'] !== 'none';
    const ids = Object.keys(keeps).filter((id) => hasDatabase || !id.startsWith('database'));
    expect(results.away.map(({ variant }) => variant).sort()).to.deep.equal([...ids].sort());
    const measured = [...ids.filter((id) => id !== 'callback-retried'), 'nobody'].sort();
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

    const page = readFileSync(join(folder(), 'report.md'), 'utf8');
    expect(page).to.not.match(/NaN|undefined|Infinity|null/u);
    const pictures = readdirSync(folder()).filter((name) => name.endsWith('.svg'));
    expect(pictures).to.have.length(6);
    for (const name of pictures) {
      expect(page).to.contain(`](${name})`);
      expect(readFileSync(join(folder(), name), 'utf8')).to.not.match(/NaN|undefined|Infinity/u);
    }
  });

  it('refuses what it does not know', async () => {
    const child = startSource('bench/status/main.ts', ['--only', 'pigeon']);
    const { code } = await within(child.exited, { what: 'its end', withinMs: 20_000 });
    expect(code).to.equal(1);
    expect(child.stderr()).to.contain('--only pigeon: topic, ').and.to.contain(' are allowed');
  });
});
