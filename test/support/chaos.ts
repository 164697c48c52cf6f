import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Results } from '../chaos/results.js';
import type { SuiteProcesses } from './process.js';
import { report } from './report.js';
import { skip } from './skip.js';
import { within } from './until.js';

/** Plays one row of `npm run chaos` in its short form, and expects that it holds; skips where it cannot be played. */
export async function playChaos(
  context: Mocha.Context,
  {
    startSource,
    row,
    out,
  }: Pick<SuiteProcesses, 'startSource'> & {
    readonly row: string;
    readonly out: string;
  },
): Promise<void> {
  const child = startSource('test/chaos/main.ts', ['--short', '--row', row, '--out', out]);
  const { code } = await within(child.exited, { what: `the end of ${row}`, withinMs: 140_000 });
  const { rows, leftOut } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8')) as Results;
  const [left] = leftOut;
  if (left !== undefined) skip(context, left.why);
  expect(code, child.output()).to.equal(0);
  const [played] = rows;
  expect(played).to.deep.include({ row, problems: [], lost: [] });
  const { counts, done, seed } = played!;
  expect(done).to.have.length.of.at.least(1);
  expect(counts.accepted).to.be.at.least(300);
  expect(counts).to.include({ answered: counts.accepted, lost: 0, late: 0, unmatched: 0 });
  report(
    context,
    `${row}, seed ${seed}: ${counts.accepted} accepted, ${done.length} kills, ${counts.lost} lost, longest stall ${counts.longestStallMs} ms`,
  );
}
