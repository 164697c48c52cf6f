import { parseArgs } from 'node:util';
import { describeMachine } from '../tools/machine.js';
import { answersAtOnce, defaultFolder, inMinutes, readCount } from '../tools/options.js';
import { wordsOf } from '../tools/words.js';
import { writeFiles } from '../tools/write-files.js';
import type { Plan, PlanChanges, Size } from './plan.js';
import { createPlan, expectedMs, middleOf } from './plan.js';
import { profileWay } from './profile/profiling.js';
import { describeProfile } from './report/profiles.js';
import { publish, readResults, reportFiles } from './report/publish.js';
import type { Results } from './results.js';
import { runBenchmark } from './run.js';
import type { System } from './system.js';
import { startSystem } from './system.js';
import type { Way } from './ways.js';
import { ways } from './ways.js';

const ids = ways.map(({ id }) => id);
const profiled = ways.filter(({ subject }) => subject.is !== 'echo').map(({ id }) => id);

const help = `npm run bench -- [options]

Measures request-reply over HTTP and by the library, beside a plain Express echo and a naive bridge.

  --quick                one turn of each way (about six minutes)
  --smoke                a few requests each: only to see that everything works
                         (neither: three turns, and memory for ten minutes; under 40 minutes)
  --only ID,ID           only these ways: ${ids.join(', ')}
  --connections N,N      other numbers of HTTP connections, at most three; default 1,50,200
  --in-flight N,N        other numbers of requests that a program has in flight, at most three; default 1,100,500
  --repeats N            other than one turn or three
  --minutes N            how long memory is watched at the end; 0: not
  --memory               watches memory alone, for ten minutes unless --minutes says otherwise
  --profile ID           measures nothing: runs that way under the profiler of Node and shows where its time goes,
                         with the first number of --connections or --in-flight, default 50 and 100
  --broker URL|none      taken for the ActiveMQ Classic; default: one that is started, if there is Java and Maven
  --database-url URL     default postgres://root@127.0.0.1:5432/test; databases of its own, dropped at the end
  --seed N               of the order of the ways; default 1
  --out FOLDER           default bench-results/requests-<time>
  --publish FILE         measures nothing: writes docs/request-benchmark.md and its pictures from a results.json that is whole

results.json is written after each turn, so that a run that is ended leaves what it has.
`;

/** As many as a picture can tell apart. */
const mostWidths = 3;
const memoryMinutes = 10;

/** Runs the command; resolves with its exit code. The signal ends it before its time: then nothing of it is left. */
export async function runCommand(given: readonly string[], signal: AbortSignal): Promise<number> {
  try {
    const { values } = parseArgs({
      args: [...given],
      options: {
        quick: { type: 'boolean', default: false },
        smoke: { type: 'boolean', default: false },
        only: { type: 'string', default: '' },
        connections: { type: 'string' },
        'in-flight': { type: 'string' },
        repeats: { type: 'string' },
        minutes: { type: 'string' },
        memory: { type: 'boolean', default: false },
        profile: { type: 'string' },
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
    const plan = createPlan(size, readChanges(values));
    const wanted = values.profile === undefined ? undefined : readWay(values.profile);
    const options = {
      ...{ plan, signal, out: values.out ?? defaultFolder('requests') },
      seed: readCount('--seed', values.seed, { min: 0, max: 1_000_000 }),
      ...{ broker: values.broker, databaseUrl: values['database-url'] },
    };
    return await (wanted === undefined ? run(options) : profile(wanted, options));
  } catch (error) {
    console.error(wordsOf(error));
    return 1;
  }
}

interface GivenPlan {
  readonly only: string;
  readonly connections?: string | undefined;
  readonly 'in-flight'?: string | undefined;
  readonly repeats?: string | undefined;
  readonly minutes?: string | undefined;
  readonly memory: boolean;
}

function readChanges({ memory, repeats, minutes, only, ...given }: GivenPlan): PlanChanges {
  const { connections, 'in-flight': inFlight } = given;
  const watched = minutes ?? (memory ? String(memoryMinutes) : undefined);
  return {
    only: readOnly(only),
    ...(connections === undefined ? {} : { http: readWidths('--connections', connections) }),
    ...(inFlight === undefined ? {} : { library: readWidths('--in-flight', inFlight) }),
    ...(repeats === undefined ? {} : { repeats: readCount('--repeats', repeats, { min: 1, max: 100 }) }),
    ...(memory ? { repeats: 0 } : {}),
    ...(watched === undefined ? {} : { minutes: readCount('--minutes', watched, { min: 0, max: 1_440 }) }),
  };
}

function readOnly(text: string): string[] {
  const chosen = text === '' ? [] : text.split(',');
  for (const id of chosen) {
    if (!ids.includes(id)) throw new Error(`--only ${id}: ${ids.join(', ')} are allowed`);
  }
  return chosen;
}

/** In ascending order. */
function readWidths(flag: string, text: string): number[] {
  const widths = text.split(',').map((one) => readCount(flag, one, { min: 1, max: 10_000 }));
  if (widths.length > mostWidths || new Set(widths).size < widths.length) {
    throw new Error(`${flag} ${text}: at most ${mostWidths} numbers, each once, are allowed`);
  }
  return widths.sort((one, other) => one - other);
}

function readWay(id: string): Way {
  const way = ways.find((one) => one.id === id && profiled.includes(id));
  if (way === undefined) throw new Error(`--profile ${id}: ${profiled.join(', ')} are allowed`);
  return way;
}

interface GivenRun {
  readonly plan: Plan;
  readonly out: string;
  readonly seed: number;
  readonly broker: string | undefined;
  readonly databaseUrl: string;
  readonly signal: AbortSignal;
}

const say = (line: string): void => console.log(line);

async function run({ plan, out, seed, ...options }: GivenRun): Promise<number> {
  const { signal } = options;
  say(`${plan.ways.length} ways, about ${inMinutes(expectedMs(plan))} minutes`);
  // Before the parts are there, so that the load of the machine is that of others.
  const machine = describeMachine();
  const keep = (results: Results): void =>
    void writeFiles([{ name: 'results.json', contents: `${JSON.stringify(results, null, 1)}\n` }], out);
  return withSystem({ ...options, built: plan.size !== 'smoke' }, async (system) => {
    const results = await runBenchmark(system, { plan, seed, machine, signal, say, keep });
    keep(results);
    const files = reportFiles(results);
    writeFiles(files, out);
    if (plan.size !== 'smoke') say(files[0]?.contents ?? '');
    say(`took ${inMinutes(results.tookMs)} minutes; written to ${out}`);
    return results.failed.length === 0 ? 0 : 1;
  });
}

async function profile(way: Way, { plan, out, ...options }: GivenRun): Promise<number> {
  const { signal } = options;
  return withSystem({ ...options, built: true }, async (system) => {
    const { firstWarmUpMs: warmUpMs, windowMs, widths } = plan;
    const [least = 1] = widths[way.kind];
    // The least of the presets says nothing of work that is shared.
    const width = widths[way.kind].length > 1 ? middleOf(widths[way.kind]) : least;
    const { result, file } = await profileWay(system, way, { width, warmUpMs, windowMs, signal });
    const text = `${describeProfile(result, { most: result.own.length })}\n`;
    writeFiles(
      [
        { name: 'profile.md', contents: text },
        { name: `${way.id}.cpuprofile`, contents: file },
      ],
      out,
    );
    say(text);
    say(`written to ${out}; a browser’s tools open ${way.id}.cpuprofile`);
    return 0;
  });
}

async function withSystem(
  options: Parameters<typeof startSystem>[0],
  use: (system: System) => Promise<number>,
): Promise<number> {
  const system = await startSystem(options);
  try {
    for (const sentence of system.missing) say(sentence);
    return await use(system);
  } finally {
    await system.stop();
  }
}
