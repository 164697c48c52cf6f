import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { wordsOf } from './clients/client.js';
import { createPlan, expectedMs } from './plan.js';
import type { Plan, Size } from './plan.js';
import { publish } from './report/publish.js';
import { reportFiles } from './report/report-files.js';
import type { Results } from './results.js';
import { runBenchmark } from './run.js';
import { startSystem } from './system.js';
import { variants } from './variants.js';

const help = `npm run bench:status -- [options]

Measures how a client best learns that its long task moved on: eight ways, with real parts.

  --quick                100 clients, one pass (under ten minutes)
  --smoke                a handful of clients, a second each: only to see that everything works
                         (neither: 10, 100 and 1,000 clients, three passes, under 90 minutes)
  --only ID,ID           only these variants: ${variants.map(({ id }) => id).join(', ')}
  --clients N,N          other numbers of clients
  --repeats N            other than one pass or three
  --broker URL|embedded  default: an ActiveMQ Classic started for the run, if there is Java and Maven
  --database-url URL     default postgres://root@127.0.0.1:5432/test; a schema of its own, dropped at the end
  --seed N               of the instants of the steps; default 1
  --out FOLDER           default bench-results/status-<time>
  --publish FILE         measures nothing: writes docs/status-benchmark.md and its pictures from a results.json
`;

/** Runs the command; resolves with its exit code. */
export async function runCommand(given: readonly string[]): Promise<number> {
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
    if (values.help) {
      console.log(help);
      return 0;
    }
    if (values.publish !== undefined) {
      for (const path of publish(JSON.parse(readFileSync(values.publish, 'utf8')) as Results))
        console.log(path);
      return 0;
    }
    if (values.quick && values.smoke) throw new Error('--quick and --smoke: one of them is allowed');
    const size: Size = values.smoke ? 'smoke' : values.quick ? 'quick' : 'full';
    const out =
      values.out ?? join('bench-results', `status-${new Date().toISOString().replaceAll(':', '-')}`);
    const { clients, repeats } = values;
    const plan = createPlan(size, {
      only: readOnly(values.only),
      ...(clients === undefined ? {} : { clients: readCounts('--clients', clients) }),
      ...(repeats === undefined ? {} : { repeats: readCount('--repeats', repeats, 1) }),
    });
    return await run({
      ...{ plan, out, seed: readCount('--seed', values.seed, 0) },
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

function readCounts(flag: string, text: string): number[] {
  return text.split(',').map((one) => readCount(flag, one, 1));
}

function readCount(flag: string, text: string, min: number): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < min || text === '') {
    throw new Error(`${flag} ${text}: a whole number from ${min} is allowed`);
  }
  return count;
}

interface GivenRun {
  readonly plan: Plan;
  readonly out: string;
  readonly seed: number;
  readonly broker: string | undefined;
  readonly databaseUrl: string;
}

async function run({ plan, out, seed, broker, databaseUrl }: GivenRun): Promise<number> {
  console.log(`${plan.variants.length} variants, about ${inMinutes(expectedMs(plan))} minutes`);
  const system = await startSystem({ broker, databaseUrl });
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      interrupted.abort(new Error(`stopped by ${name}`));
      void system.stop();
    });
  }
  try {
    for (const sentence of system.missing) console.log(sentence);
    const { signal } = interrupted;
    const results = await runBenchmark(system, { plan, seed, signal, say: (line) => console.log(line) });
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, 'results.json'), `${JSON.stringify(results, null, 1)}\n`);
    for (const { name, contents } of reportFiles(results)) writeFileSync(join(out, name), contents);
    console.log(`took ${inMinutes(results.tookMs)} minutes; written to ${out}`);
    return results.failed.length === 0 ? 0 : 1;
  } finally {
    await system.stop();
  }
}

function inMinutes(ms: number): string {
  return ms < 600_000 ? (ms / 60_000).toFixed(1) : (ms / 60_000).toFixed(0);
}
