import { parseArgs } from 'node:util';
import { unlessAborted } from '../tools/interruption.js';
import { describeMachine } from '../tools/machine.js';
import { answersAtOnce, defaultFolder, inMinutes, readCount } from '../tools/options.js';
import { writeFiles } from '../tools/write-files.js';
import { wordsOf } from '../tools/words.js';
import { createPlan, expectedMs } from './plan.js';
import type { Plan, Size } from './plan.js';
import { publish } from './report/publish.js';
import { readResults } from './report/publishable.js';
import { reportFiles } from './report/report-files.js';
import type { Results } from './results.js';
import { runBenchmark } from './run.js';
import { startSystem } from './system.js';
import type { SystemOptions } from './system.js';
import { variants } from './variants.js';

const help = `npm run bench:status -- [options]

Measures how a client best learns that its long task moved on: eight ways, with real parts.

  --quick                100 clients, one pass (under ten minutes)
  --smoke                a handful of clients, a second each: only to see that everything works
                         (neither: 10, 100 and 1,000 clients, three passes, under 90 minutes)
  --only ID,ID           only these variants: ${variants.map(({ id }) => id).join(', ')}
  --clients N,N          other numbers of clients, at most three
  --repeats N            other than one pass or three
  --broker URL|embedded  default: an ActiveMQ Classic started for the run, if there is Java and Maven
  --database-url URL     default postgres://root@127.0.0.1:5432/test; a schema of its own, dropped at the end
  --seed N               of the instants of the steps; default 1
  --out FOLDER           default bench-results/status-<time>
  --publish FILE         measures nothing: writes docs/status-benchmark.md and its pictures from a results.json that is whole

results.json is written after each pass, so that a run that is ended leaves what it has.
`;

/** As many as a picture can tell apart. */
const mostSizes = 3;

/** Runs the command; resolves with its exit code. The signal ends it before its time: then nothing of it is left. */
export async function runCommand(given: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        quick: { type: 'boolean', default: false },
        smoke: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        clients: { type: 'string' },
        repeats: { type: 'string' },
        broker: { type: 'string' },
        'database-url': { type: 'string', default: 'postgres://root@127.0.0.1:5432/test' },
        seed: { type: 'string', default: '1' },
        out: { type: 'string' },
        publish: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    const publishText = (text: string, name: string): string[] => publish(readResults(text, name));
    if (answersAtOnce(values, { help, publish: publishText })) return 0;
    if (values.quick && values.smoke) throw new Error('--quick and --smoke: one of them is allowed');
    const size: Size = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full';
    const { clients, repeats } = values;
    const plan = createPlan(size, {
      only: readOnly(values.only),
      ...(clients === undefined ? {} : { clients: readClients(clients) }),
      ...(repeats === undefined ? {} : { repeats: readCount('--repeats', repeats, { min: 1, max: 100 }) }),
    });
    return await run({
      ...{ plan, out: values.out ?? defaultFolder('status'), signal },
      seed: readCount('--seed', values.seed, { min: 0, max: 1_000_000 }),
      ...{ broker: values.broker, databaseUrl: values['database-url'] },
    });
  } catch (error) {
    console.error(wordsOf(error));
    return 1;
  }
}

function readOnly(text: string): string[] {
  const ids = text === '' ? [] : text.split(',');
  const known = variants.map(({ id }) => id);
  for (const id of ids) {
    if (!known.includes(id)) throw new Error(`--only ${id}: ${known.join(', ')} are allowed`);
  }
  return ids;
}

/** In ascending order. */
function readClients(text: string): number[] {
  const counts = text.split(',').map((one) => readCount('--clients', one, { min: 1, max: 10_000 }));
  if (counts.length > mostSizes || new Set(counts).size < counts.length) {
    throw new Error(`--clients ${text}: at most ${mostSizes} numbers, each once, are allowed`);
  }
  return counts.sort((one, other) => one - other);
}

interface GivenRun extends SystemOptions {
  readonly plan: Plan;
  readonly out: string;
  readonly seed: number;
}

async function run({ plan, out, seed, ...options }: GivenRun): Promise<number> {
  const { signal } = options;
  const say = (line: string): void => console.log(line);
  say(`${plan.variants.length} variants, about ${inMinutes(expectedMs(plan))} minutes`);
  // Before the parts are there, so that the load of the machine is that of others.
  const machine = describeMachine();
  const keep = (results: Results): void =>
    void writeFiles([{ name: 'results.json', contents: `${JSON.stringify(results, null, 1)}\n` }], out);
  const system = await startSystem(options);
  try {
    for (const sentence of system.missing) say(sentence);
    const results = await unlessAborted(
      runBenchmark(system, { plan, seed, machine, signal, say, keep }),
      signal,
    );
    keep(results);
    writeFiles(reportFiles(results), out);
    say(`took ${inMinutes(results.tookMs)} minutes; written to ${out}`);
    return results.failed.length === 0 ? 0 : 1;
  } finally {
    await system.stop();
  }
}
