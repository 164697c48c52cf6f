import { parseArgs } from 'node:util';
import { describeMachine } from '../tools/machine.js';
import { openFilesLimit } from '../tools/open-files.js';
import { answersAtOnce, defaultFolder, inMinutes, readCount } from '../tools/options.js';
import { writeFiles } from '../tools/write-files.js';
import { createPlan, expectedMs, mostFollowers } from './plan.js';
import type { Plan } from './plan.js';
import { publish, readResults } from './publish.js';
import { pageOf } from './page.js';
import { runBenchmark } from './run.js';

const help = `npm run bench:followers -- [options]

Measures what followers of projects cost one gateway, and whether requests and their replies wait for status.

  --smoke           a few followers, a second each: only to see that everything works
  --idle N          streams in which nothing happens; default what the limit of open files allows, at most 10,000
  --active N        streams that all hear every event; default 1,000
  --rate N          events per second that they hear; default 100
  --seconds N       how long; default 20
  --out FOLDER      default bench-results/followers-<time>
  --publish FILE    measures nothing: writes docs/followers-benchmark.md from a results.json
`;

/** Runs the command; resolves with its exit code, 1 when streams ended or did not hear everything. */
export async function runCommand(given: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        smoke: { type: 'boolean', default: false },
        idle: { type: 'string' },
        active: { type: 'string' },
        rate: { type: 'string' },
        seconds: { type: 'string' },
        out: { type: 'string' },
        publish: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const publishText = (text: string, name: string): string[] => publish(readResults(text, name));
    if (answersAtOnce(values, { help, publish: publishText })) return 0;
    const openFiles = openFilesLimit();
    const preset = createPlan(values.smoke ? 'smoke' : 'full', openFiles);
    const countOf = (name: 'idle' | 'active' | 'rate' | 'seconds', max: number): number => {
      const text = values[name];
      return text === undefined ? preset[name] : readCount(`--${name}`, text, { min: 1, max });
    };
    const plan = {
      ...preset,
      ...{ idle: countOf('idle', mostFollowers), active: countOf('active', mostFollowers) },
      ...{ rate: countOf('rate', 10_000), seconds: countOf('seconds', 3_600) },
    };
    return await run({ plan, openFiles, out: values.out ?? defaultFolder('followers'), signal });
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

interface GivenRun {
  readonly plan: Plan;
  readonly openFiles: number | null;
  readonly out: string;
  readonly signal: AbortSignal;
}

async function run({ plan, openFiles, out, signal }: GivenRun): Promise<number> {
  const say = (line: string): void => console.log(line);
  say(`${plan.idle} idle and ${plan.active} active followers, about ${inMinutes(expectedMs(plan))} minutes`);
  say(`open files: ${openFiles === null ? 'no limit is told' : `${openFiles} at most in a process`}`);
  const results = await runBenchmark({ plan, machine: describeMachine(), openFiles, say, signal });
  const page = pageOf(results);
  const json = `${JSON.stringify(results, null, 1)}\n`;
  writeFiles(
    [
      { name: 'results.json', contents: json },
      { name: 'report.md', contents: page },
    ],
    out,
  );
  say(page);
  say(`took ${inMinutes(results.tookMs)} minutes; written to ${out}`);
  const { active, idle, settling } = results;
  const isWhole = active.heard === active.expected && idle.held === idle.streams;
  return isWhole && settling.every(({ failed }) => failed === 0) ? 0 : 1;
}
