import { expect } from 'chai';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from '../../bench/followers/results.js';
import { processesWith } from '../support/descendants.js';
import { processes } from '../support/process.js';
import { skip } from '../support/skip.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until, within } from '../support/until.js';

describe('npm run bench:followers -- --smoke', function () {
  this.timeout(90_000);
  const { startSource } = processes();
  const folder = temporaryFolder();

  it('holds streams, tells them everything, and has a reply for every call', async () => {
    const child = startSource('bench/followers/main.ts', ['--smoke', '--idle', '7', '--out', folder()]);
    const { code } = await within(child.exited, { what: 'the end of the benchmark', withinMs: 80_000 });
    expect(code, child.output()).to.equal(0);
    expect(child.stdout()).to.match(/^7 idle and 5 active followers, about 0\.\d minutes\nopen files: /u);

    const { idle, active, accepting, settling } = JSON.parse(
      readFileSync(join(folder(), 'results.json'), 'utf8'),
    ) as Results;
    expect(idle).to.include({ streams: 7, held: 7 });
    expect(idle.livezWith.count).to.be.greaterThan(0);
    expect(active).to.include({ events: 50, refused: 0, expected: 250, heard: 250 });
    expect(active.delays.count, 'one stream is timed').to.equal(50);
    expect([accepting.plain.length, accepting.project.length]).to.deep.equal([1, 1]);
    expect(settling.map(({ project, flooded }) => [project, flooded])).to.deep.equal([
      ...[
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ],
    ]);
    for (const { calls, failed } of settling) {
      expect(calls.count).to.be.greaterThan(0);
      expect(failed).to.equal(0);
    }
    for (const { flooded, numbered } of settling.slice(2))
      expect([flooded, numbered > 0]).to.deep.equal([true, true]);

    const page = readFileSync(join(folder(), 'report.md'), 'utf8');
    expect(page).to.not.match(/NaN|undefined|Infinity|null/u);
    expect(page).to.contain('All 7 were still there at the end').and.to.contain('all 250 were heard');
  });

  it('leaves no process or folder after SIGTERM', async function () {
    if (!existsSync('/proc/self/environ')) return skip(this, 'processes that are left are found in /proc');
    for (const line of [/open files: /u, /measured: idle followers/u]) {
      const parameters = ['--smoke', '--out', join(folder(), 'out')];
      const child = startSource('bench/followers/main.ts', parameters, { env: { TMPDIR: folder() } });
      await child.line(line);
      child.kill('SIGTERM');
      const { code } = await within(child.exited, { what: 'its end', withinMs: 40_000 });
      expect([code, child.stderr()]).to.deep.equal([1, 'stopped by SIGTERM\n']);
      await until(() => processesWith('TMPDIR', folder()).length === 0, { what: 'the end of its processes' });
      expect(readdirSync(folder()).filter((name) => name.startsWith('replyto-'))).to.deep.equal([]);
    }
  });

  it('refuses what it does not know, and to publish what has no figures', async () => {
    const results = join(folder(), 'results.json');
    const cases: [string[], string][] = [
      [['--idle', '10001'], '--idle 10001: a whole number from 1 to 10,000 is allowed'],
      [['--publish', 'package.json'], 'package.json: its format is not given; 1 is allowed'],
      [['--publish', results], 'no such file'],
    ];
    for (const [parameters, words] of cases) {
      const child = startSource('bench/followers/main.ts', parameters);
      const { code } = await within(child.exited, { what: 'its end' });
      expect([code, child.stdout()]).to.deep.equal([1, '']);
      expect(child.stderr()).to.contain(words);
    }
  });
});
