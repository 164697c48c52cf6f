/** `npm run chaos` in its short form: real kills, and what is left of it when it is ended itself. */
import { expect } from 'chai';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describeOn } from '../support/brokers.js';
import { playChaos } from '../support/chaos.js';
import { processesWith, signalIfThere } from '../support/descendants.js';
import { processes } from '../support/process.js';
import { skip } from '../support/skip.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until, within } from '../support/until.js';

const main = 'test/chaos/main.ts';

describeOn('classic', 'npm run chaos -- --short', function () {
  const { startSource } = processes();
  const folder = temporaryFolder();

  // All others, and those on PostgreSQL, are played by the long run.
  for (const row of ['broker-classic-sqlite', 'service-classic-sqlite']) {
    it(`loses nothing: ${row}`, async function () {
      this.timeout(150_000);
      await playChaos(this, { startSource, row, out: folder() });
    });
  }

  for (const [title, when, signal] of [
    ['SIGTERM while it starts', 'start', 'SIGTERM'],
    ['SIGINT to all of its processes, twice, as from a terminal', 'midst', 'SIGINT'],
  ] as const) {
    it(`leaves no process or folder after ${title}`, async function () {
      this.timeout(120_000);
      if (!existsSync('/proc/self/environ')) return skip(this, 'processes that are left are found in /proc');
      const parameters = ['--short', '--row', 'accepted-classic-sqlite', '--requests', '100000'];
      const child = startSource(main, [...parameters, '--out', join(folder(), 'out')], {
        env: { TMPDIR: folder() },
      });
      await child.line(/1 rows, seed \d+/u);
      const own = (): ReturnType<typeof processesWith> => processesWith('TMPDIR', folder());
      if (when === 'midst') {
        const isService = ({ command }: { readonly command: string }): boolean =>
          command.includes('programs/service.ts');
        await until(() => own().some(isService), { what: 'the service', withinMs: 60_000 });
        for (let time = 0; time < 2; time += 1) own().forEach(({ pid }) => signalIfThere(pid, signal));
      } else {
        child.kill(signal);
      }
      const { code } = await within(child.exited, { what: 'its end', withinMs: 60_000 });
      expect([code, child.stderr()]).to.deep.equal([1, `stopped by ${signal}\n`]);
      await until(() => own().length === 0, { what: 'the end of its processes' });
      expect(readdirSync(folder()).filter((name) => name.startsWith('replyto-'))).to.deep.equal([]);
    });
  }

  it('refuses what it does not know, and to publish what is not whole', async () => {
    const cases: [string[], RegExp][] = [
      [['--row', 'moon'], /^--row moon: accepted-classic-sqlite, .* are allowed$/mu],
      [['--seed', 'x'], /^--seed x: a whole number from 0 to 2,147,483,648 is allowed$/mu],
      [['--requests', '0'], /^--requests 0: a whole number from 1 to 1,000,000 is allowed$/mu],
      [['--publish', 'package.json'], /^package.json: its format is not given; 1 is allowed$/mu],
    ];
    const ends = cases.map(async ([parameters, words]) => {
      const child = startSource(main, parameters);
      const { code } = await within(child.exited, { what: 'its end' });
      expect([code, child.stdout()]).to.deep.equal([1, '']);
      expect(child.stderr()).to.match(words);
    });
    await Promise.all(ends);
  });
});
