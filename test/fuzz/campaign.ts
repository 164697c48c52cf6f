import { startClientTarget } from './client-target.js';
import type { FuzzInput, Writer } from './input.js';
import { createInput } from './input.js';
import { minimized } from './minimize.js';
import { startServerTarget } from './server-target.js';
import type { FuzzTarget, Stopwatch } from './target.js';
import { createStopwatch } from './target.js';

export const targetNames = ['server', 'client'] as const;

export type TargetName = (typeof targetNames)[number];

export interface Campaign {
  readonly target: TargetName;
  readonly inputs: number;
  readonly seed: number;
  /** Number of the first input. */
  readonly from: number;
}

export interface Finding {
  readonly what: string;
  /** Numbers of the inputs that were under way: the one that did it, or all of them where none did it by itself. */
  readonly from: number;
  readonly inputs: number;
  /** The one that did it, as small as it could be made. */
  readonly hex: string | undefined;
}

export interface CampaignResult {
  readonly inputs: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly slowestMs: number;
  readonly slowestIndex: number;
  readonly heapBefore: number;
  readonly heapAfter: number;
  readonly finding: Finding | undefined;
}

const batchInputs = 512;
const groupInputs = 32;
/** An input has 64 KiB at the most and takes a few milliseconds; whoever needs this long goes over it again and again. */
const mostMs = 5_000;
const mostHeapGrowth = 24 * 1024 * 1024;

const starts: Readonly<Record<TargetName, (stopwatch: Stopwatch) => Promise<FuzzTarget>>> = {
  server: startServerTarget,
  client: startClientTarget,
};

const writers: Readonly<Record<TargetName, Writer>> = { server: 'client', client: 'broker' };

/**
 * Feeds inputs to a target, a new one for each batch.
 *
 * @param escaped what reached the process itself, such as rejections that nobody handles; looked at after each group
 */
export async function runCampaign(
  { target, inputs, seed, from }: Campaign,
  escaped: string[],
  onProgress: (done: number) => void,
): Promise<CampaignResult> {
  const stopwatch = createStopwatch();
  const startedAt = performance.now();
  let finding: Finding | undefined;
  let heapBefore = 0;
  let bytes = 0;
  let done = 0;

  async function run(batch: readonly FuzzInput[]): Promise<void> {
    const running = await starts[target](stopwatch);
    for (let at = 0; at < batch.length; at += groupInputs) {
      await running.run(batch.slice(at, at + groupInputs));
      checkEscaped();
    }
    await running.finish();
    checkEscaped();
    if (stopwatch.slowestMs > mostMs) throw new Error(`it took ${Math.round(stopwatch.slowestMs)} ms`);
  }

  function checkEscaped(): void {
    if (escaped.length > 0) throw new Error(escaped.splice(0).join('\n'));
  }

  async function failureOf(batch: readonly FuzzInput[]): Promise<string | undefined> {
    try {
      await run(batch);
      return undefined;
    } catch (error) {
      escaped.length = 0;
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
  }

  while (done < inputs && finding === undefined) {
    const first = from + done;
    const batch = Array.from({ length: Math.min(batchInputs, inputs - done) }, (_, index) =>
      createInput(writers[target], seed, first + index),
    );
    const what = await failureOf(batch);
    if (what !== undefined) finding = await explain(batch, what, failureOf);
    for (const { turns } of batch) for (const piece of turns.flat()) bytes += piece.length;
    done += batch.length;
    // The first batch loads and compiles what all others use.
    if (heapBefore === 0) heapBefore = heapUsed();
    onProgress(done);
  }
  const heapAfter = heapUsed();
  if (finding === undefined && heapAfter - heapBefore > mostHeapGrowth) {
    const what = `the heap grew from ${heapBefore} to ${heapAfter} bytes`;
    finding = { what, from, inputs, hex: undefined };
  }
  const { slowestMs, slowestIndex } = stopwatch;
  const seconds = (performance.now() - startedAt) / 1_000;
  return { inputs: done, bytes, seconds, slowestMs, slowestIndex, heapBefore, heapAfter, finding };
}

/** Looks for the one input of a batch that fails by itself. */
async function explain(
  batch: readonly FuzzInput[],
  what: string,
  failureOf: (batch: readonly FuzzInput[]) => Promise<string | undefined>,
): Promise<Finding> {
  for (const input of batch) {
    const alone = await failureOf([input]);
    if (alone === undefined) continue;
    const least = await minimized(input, async (smaller) => (await failureOf([smaller])) !== undefined);
    return { what: alone, from: input.index, inputs: 1, hex: least.toString('hex') };
  }
  return { what, from: batch[0]?.index ?? 0, inputs: batch.length, hex: undefined };
}

function heapUsed(): number {
  if (globalThis.gc === undefined) throw new Error('needs node --expose-gc');
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}
