import { startProcess } from '../support/process.js';
import { until } from '../support/until.js';
import type { Campaign, CampaignResult, Finding } from './campaign.js';

/** A batch takes less than a second; what takes this long hangs. */
const hangMs = 120_000;

type Line = { readonly done: number } | { readonly result: CampaignResult };

/**
 * Carries out a campaign in a process of its own. What kills that process, or makes it hang, is a finding too.
 *
 * @param onProgress called with the number of inputs that are done
 */
export async function fuzz(
  campaign: Campaign,
  onProgress: (done: number) => void = () => undefined,
): Promise<CampaignResult> {
  const program = 'test/fuzz/program.ts';
  const flags = ['--expose-gc', '--conditions=replyto-source', '--import', import.meta.resolve('tsx')];
  const child = startProcess(process.execPath, [...flags, program, JSON.stringify(campaign)], {
    name: program,
  });
  const startedAt = performance.now();
  let done = 0;
  const told: { result?: CampaignResult } = {};

  /** True when something new was said. */
  function read(): boolean {
    const last = child.stdout().split('\n').at(-2);
    if (last === undefined) return false;
    const line = JSON.parse(last) as Line;
    if ('result' in line) {
      told.result = line.result;
      return true;
    }
    if (line.done === done) return false;
    ({ done } = line);
    onProgress(done);
    return true;
  }

  try {
    for (;;) {
      const what = `progress after ${done} inputs`;
      await until(() => read() || child.hasExited(), { what, withinMs: hangMs });
      read();
      if (told.result !== undefined) return told.result;
      if (child.hasExited()) return broken(`it died:\n${child.output()}`);
    }
  } catch (error) {
    return broken(error instanceof Error ? error.message : String(error));
  } finally {
    await child.stop();
  }

  function broken(what: string): CampaignResult {
    const finding: Finding = {
      what,
      from: campaign.from + done,
      inputs: campaign.inputs - done,
      hex: undefined,
    };
    const seconds = (performance.now() - startedAt) / 1_000;
    const unknown = { bytes: 0, slowestMs: 0, slowestIndex: -1, heapBefore: 0, heapAfter: 0 };
    return { inputs: done, seconds, ...unknown, finding };
  }
}

/** One line of figures, with what it takes to have them again. */
export function describeResult({ target, seed }: Campaign, result: CampaignResult): string {
  const { inputs, bytes, seconds, slowestMs, slowestIndex, heapBefore, heapAfter, finding } = result;
  const megabytes = (count: number): string => `${(count / 1e6).toFixed(1)} MB`;
  return (
    `${inputs} inputs (${megabytes(bytes)}) into the ${target} side, seed ${seed}: ${Math.round(inputs / seconds)} inputs/s, ` +
    `findings ${finding === undefined ? 0 : 1}, slowest ${slowestMs.toFixed(1)} ms (input ${slowestIndex}), ` +
    `heap ${megabytes(heapBefore)} before, ${megabytes(heapAfter)} after`
  );
}

/** What is wrong, and how to see it again. */
export function describeFinding({ target, seed }: Campaign, { what, from, inputs, hex }: Finding): string {
  const again = `npm run fuzz -- --target ${target} --seed ${seed} --from ${from} --inputs ${inputs}`;
  const bytes = hex === undefined ? [] : [`smallest input, in hex: ${hex}`];
  return [what, `again: ${again}`, ...bytes].join('\n');
}
