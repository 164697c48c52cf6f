import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, versionOfPackage } from '../../bench/tools/machine.js';
import { answersAtOnce, defaultFolder, inMinutes, readCount } from '../../bench/tools/options.js';
import { wordsOf } from '../../bench/tools/words.js';
import { writeFiles } from '../../bench/tools/write-files.js';
import { activemqVersion } from '../support/activemq-jars.js';
import { NotPlayable } from './parts/system.js';
import { play } from './play.js';
import type { PlayOptions } from './play.js';
import { noCounts } from './counts.js';
import { publish } from './report/publish.js';
import { againText, starText, tableOf } from './report/table.js';
import type { LeftOutRow, PlayedRow, Results } from './results.js';
import { newResults, readResults, withRow } from './results.js';
import type { Row, Size } from './rows/row.js';
import { rows } from './rows/rows.js';
import { sizes } from './sizes.js';

const help = `npm run chaos -- [options]

Kills gateways, brokers, databases and services beside thousands of requests, and counts what became of every one.
Exit code 1 when anything is lost, or is not as the crash table says, or was not killed.

  --row A,B         only these rows; default all that can be played here
  --seed N          which part dies, and when; default by chance
  --short           a few hundred requests and one kill for each row, as in npm test
  --requests N      accepted at least, for each row; default ${sizes.full.requests.toLocaleString('en-US')}
  --kills N         for each row; default ${sizes.full.kills}
  --seconds N       how long chance reigns in the rows of that name; default ${sizes.full.randomMs / 1_000}
  --out FOLDER      default bench-results/chaos-<time>; rows that are there already stay, unless they are played again
  --publish FILE    plays nothing: writes docs/crash-table.md from a results.json with all rows

rows: ${rows.map(({ name }) => name).join('\n      ')}
`;

const order = rows.map(({ name }) => name);

/** Runs the command; resolves with its exit code. The signal ends it before its time: then nothing of it is left. */
export async function runCommand(given: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        row: { type: 'string', default: '' },
        seed: { type: 'string' },
        short: { type: 'boolean', default: false },
        requests: { type: 'string' },
        kills: { type: 'string' },
        seconds: { type: 'string' },
        out: { type: 'string' },
        publish: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const publishText = (text: string, name: string): string[] => publish(readResults(text, name));
    if (answersAtOnce(values, { help, publish: publishText })) return 0;
    const seed = readCount('--seed', values.seed ?? String(Math.floor(Math.random() * 1e6)), {
      min: 0,
      max: 2 ** 31,
    });
    const run = { chosen: readRows(values.row), seed, size: readSize(values) };
    return await playAll({ ...run, out: values.out ?? defaultFolder('chaos'), signal });
  } catch (error) {
    console.error(wordsOf(error));
    return 1;
  }
}

function readRows(text: string): readonly Row[] {
  if (text === '') return rows;
  return text.split(',').map((name) => {
    const row = rows.find((one) => one.name === name);
    if (row === undefined) throw new Error(`--row ${name}: ${order.join(', ')} are allowed`);
    return row;
  });
}

interface GivenSize {
  readonly short: boolean;
  readonly requests?: string | undefined;
  readonly kills?: string | undefined;
  readonly seconds?: string | undefined;
}

function readSize({ short, requests, kills, seconds }: GivenSize): Size {
  const preset: Size = short ? sizes.short : sizes.full;
  const read = (flag: string, text: string | undefined, max: number, absent: number): number =>
    text === undefined ? absent : readCount(flag, text, { min: 1, max });
  return {
    ...preset,
    requests: read('--requests', requests, 1_000_000, preset.requests),
    kills: read('--kills', kills, 1_000, preset.kills),
    randomMs: 1_000 * read('--seconds', seconds, 86_400, preset.randomMs / 1_000),
  };
}

interface Run {
  readonly chosen: readonly Row[];
  readonly seed: number;
  readonly size: Size;
  readonly out: string;
  readonly signal: AbortSignal;
}

const say = (line: string): void => console.log(line);

async function playAll({ chosen, seed, size, out, signal }: Run): Promise<number> {
  const startedMs = performance.now();
  say(`${chosen.length} rows, seed ${seed}, at least ${size.requests} requests each`);
  let results = startResults(out);
  const outcomes: (PlayedRow | LeftOutRow)[] = [];
  for (const row of chosen) {
    const outcome = await playOrLeaveOut(row, { seed, size, signal });
    outcomes.push(outcome);
    results = withRow(results, outcome, order);
    writeFiles([{ name: 'results.json', contents: `${JSON.stringify(results, null, 1)}\n` }], out);
    tell(outcome);
  }
  const played = outcomes.filter((outcome): outcome is PlayedRow => 'counts' in outcome);
  say(`\n${tableOf(rows, played)}\n\n${starText}`);
  say(`took ${inMinutes(performance.now() - startedMs)} minutes; written to ${out}`);
  if (played.length === 0) say('no row was played');
  return played.length > 0 && played.every(({ problems }) => problems.length === 0) ? 0 : 1;
}

/** Those that are there, or none yet. */
function startResults(out: string): Results {
  const file = join(out, 'results.json');
  const about = {
    startedAt: new Date().toISOString(),
    // Before anything is started, so that the load of the machine is that of others.
    machine: describeMachine(),
    parts: {
      replyto: versionOfPackage(),
      'ActiveMQ Classic': activemqVersion,
      Node: process.versions.node,
    },
  };
  if (!existsSync(file)) return newResults(about);
  return { ...readResults(readFileSync(file, 'utf8'), file), ...about };
}

async function playOrLeaveOut(row: Row, how: PlayOptions): Promise<PlayedRow | LeftOutRow> {
  const startedMs = performance.now();
  try {
    return await play(row, how);
  } catch (error) {
    if (error instanceof NotPlayable) return { row: row.name, why: error.message };
    how.signal.throwIfAborted();
    // The others can be played all the same.
    return {
      ...{ row: row.name, seed: how.seed, size: how.size, done: [], counts: noCounts, lost: [] },
      problems: [`it could not be played to its end: ${wordsOf(error)}`],
      tookMs: Math.round(performance.now() - startedMs),
    };
  }
}

function tell(outcome: PlayedRow | LeftOutRow): void {
  if (!('counts' in outcome)) {
    say(`${outcome.row}: left out, ${outcome.why}`);
    return;
  }
  const { row, counts, done, problems, lost, tookMs } = outcome;
  const seconds = Math.round(tookMs / 1_000);
  say(`${row}: ${counts.accepted} accepted, ${counts.lost} lost, ${done.length} kills, ${seconds} s`);
  if (problems.length === 0) return;
  for (const problem of problems) say(`  ${problem}`);
  for (const deed of done) say(`  done: ${deed}`);
  for (const id of lost) say(`  lost: ${id}`);
  say(`  again: ${againText(outcome)}`);
}
