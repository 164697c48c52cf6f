/** The figures of a report, made of the results of a run: medians of the repeats, with the least and the greatest. */
import { addCounts } from '../../tools/counts.js';
import type { Spread } from '../../tools/spread.js';
import { medianSpread, unlessNull } from '../../tools/spread.js';
import { decodeDelays } from '../load/decode.js';
import type { Times } from '../load/decode.js';
import type { Part } from '../parts.js';
import { partNames } from '../parts.js';
import type { GatewayFigures, MeasuredCell, MeasuredRun, Results } from '../results.js';
import type { Way } from '../ways.js';
import { wayOf } from '../ways.js';

type PartSpreads = Readonly<Record<Part, Spread | null>>;

/** One way with one load. */
export interface Figures {
  readonly way: Way;
  readonly width: number;
  /** Null: as many as there could be. */
  readonly rate: number | null;
  readonly repeats: number;
  /** Replies. */
  readonly perSecond: Spread;
  /** Milliseconds until the reply. */
  readonly delay: Readonly<Record<'p50' | 'p99' | 'max' | 'mean', Spread>>;
  /** Milliseconds of CPU time per reply. */
  readonly cpu: PartSpreads;
  /** Cores that all measured parts together kept busy. */
  readonly cores: Spread | null;
  /** Cores that all else on the machine kept busy meanwhile. */
  readonly otherCores: Spread | null;
  /** Megabytes, 10^6 bytes. */
  readonly memory: PartSpreads;
  /** Mean milliseconds from the call to the service, and back; null without a service. */
  readonly stages: { readonly toService: Spread; readonly back: Spread } | null;
  /** What a gateway says of itself; null for others. */
  readonly gateway: Readonly<Record<keyof GatewayFigures, Spread>> | null;
  /** In all repeats. */
  readonly asked: number;
  readonly replied: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Milliseconds by which requests at a fixed rate were made late; the worst of the repeats. */
  readonly late: { readonly p50: number; readonly p99: number } | null;
}

export function toFigures({ measured, windowMs }: Results): Figures[] {
  return measured.map((cell) => toFiguresOfOne(cell, windowMs));
}

function toFiguresOfOne({ way, width, rate, runs }: MeasuredCell, windowMs: number): Figures {
  const times = runs.map(({ delays }) => decodeDelays(delays));
  const delay = (name: keyof Times): Spread => medianSpread(times.map((one) => one[name]));
  const parts = (of: (run: MeasuredRun, part: Part) => number | null): PartSpreads =>
    Object.fromEntries(
      partNames.map((part) => [
        part,
        unlessNull(
          runs.map((run) => of(run, part)),
          medianSpread,
        ),
      ]),
    ) as Record<Part, Spread | null>;
  const late = runs.flatMap((run) => (run.late === null ? [] : [run.late]));
  return {
    ...{ way: wayOf(way), width, rate, repeats: runs.length },
    perSecond: medianSpread(runs.map(({ replied }) => (replied * 1_000) / windowMs)),
    delay: { p50: delay('p50'), p99: delay('p99'), max: delay('max'), mean: delay('mean') },
    cpu: parts(({ cpu, replied }, part) => (cpu[part] === null ? null : perReply(cpu[part], replied))),
    cores: unlessNull(
      runs.map((run) => coresOf(run, windowMs)),
      medianSpread,
    ),
    otherCores: unlessNull(
      runs.map((run) => otherCoresOf(run, windowMs)),
      medianSpread,
    ),
    memory: parts(({ memory }, part) => (memory[part] === null ? null : memory[part] / 1_000_000)),
    stages: toStages(runs),
    gateway: toGateway(runs),
    asked: sumOf(runs.map(({ asked }) => asked)),
    replied: sumOf(runs.map(({ replied }) => replied)),
    failures: addCounts(runs.map(({ failures }) => failures)),
    late:
      late.length === 0
        ? null
        : {
            p50: Math.max(...late.map(({ p50 }) => p50)) / 1_000,
            p99: Math.max(...late.map(({ p99 }) => p99)) / 1_000,
          },
  };
}

function perReply(seconds: number, replied: number): number {
  return replied === 0 ? 0 : (seconds * 1_000) / replied;
}

/** Of those parts that are measured; null when the subject is not. */
function coresOf({ cpu }: MeasuredRun, windowMs: number): number | null {
  if (cpu.subject === null) return null;
  return sumOf(partNames.map((part) => cpu[part] ?? 0)) / (windowMs / 1_000);
}

function otherCoresOf(run: MeasuredRun, windowMs: number): number | null {
  const cores = coresOf(run, windowMs);
  if (cores === null || run.machineCpu === null) return null;
  return Math.max(0, (run.machineCpu * 1_000) / windowMs - cores);
}

function toStages(runs: readonly MeasuredRun[]): Figures['stages'] {
  const all = runs.flatMap(({ stages }) => (stages === null ? [] : [stages]));
  if (all.length === 0) return null;
  const mean = (of: (stages: (typeof all)[number]) => string): Spread =>
    medianSpread(all.map((stages) => decodeDelays(of(stages)).mean));
  return { toService: mean(({ toService }) => toService), back: mean(({ back }) => back) };
}

function toGateway(runs: readonly MeasuredRun[]): Figures['gateway'] {
  const all = runs.flatMap(({ gateway }) => (gateway === null ? [] : [gateway]));
  if (all.length === 0) return null;
  const median = (name: keyof GatewayFigures): Spread => medianSpread(all.map((one) => one[name]));
  return {
    transactionsPerRequest: median('transactionsPerRequest'),
    gcSeconds: median('gcSeconds'),
    acceptedToReplyMs: median('acceptedToReplyMs'),
    sampled: median('sampled'),
    acceptedToSentMs: median('acceptedToSentMs'),
    sentToRepliedMs: median('sentToRepliedMs'),
  };
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
