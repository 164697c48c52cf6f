/** The figures of a report, made of the results of a run. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';
import { createDelays } from '../recorder.js';
import type { AwayRun, CpuTimes, MeasuredRun, Results } from '../results.js';
import type { Variant } from '../variants.js';
import { variants } from '../variants.js';
import { msText } from './number-text.js';

/** A figure over all repeats, and the least and greatest of the single ones. */
export interface Spread {
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

/** One variant at one number of clients. */
export interface Figures {
  readonly variant: Variant;
  readonly clients: number;
  /** Milliseconds from the event to the client; null where nobody reads. */
  readonly delay: { readonly p50: Spread; readonly p99: Spread; readonly max: Spread } | null;
  /** Calls, queries, listings, or calls to the client. */
  readonly questionsPerEvent: Spread;
  /** Of the questions, 0-1; null when there were none. */
  readonly wastedShare: Spread | null;
  /** To and from the clients. */
  readonly bytesPerEvent: Spread;
  /** Seconds per 1,000 events; null: not measured, or takes no part. */
  readonly cpu: Readonly<Record<keyof CpuTimes, Spread | null>>;
  /** Of gateway, broker and database together, as far as measured. */
  readonly serverCpu: Spread | null;
  /** Share of the events that the clients saw themselves, and not only by a later one, 0-1. */
  readonly seenShare: number;
  /** Events of which no client learned. */
  readonly lost: number;
  /** Milliseconds by which the publisher was late, 99 % of the time at most. */
  readonly publisherLateMs: number;
}

export interface AwayFigures {
  readonly variant: Variant;
  readonly events: number;
  /** 0-1 */
  readonly missedShare: number;
  /** The longest of all repeats; null: not before the next step, at least once. */
  readonly caughtUpMs: number | null;
}

export function toFigures({ measured }: Results): Figures[] {
  return measured.map(({ variant: id, clients, runs }) => toFiguresOfOne(variantOf(id), clients, runs));
}

export function toAwayFigures({ away }: Results): AwayFigures[] {
  return away.map(({ variant, runs }) => {
    const sum = (of: (run: AwayRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
    const events = sum((run) => run.events);
    const times = runs.map(({ caughtUpMs }) => caughtUpMs);
    return {
      variant: variantOf(variant),
      events,
      missedShare: events === 0 ? 0 : sum(({ missed }) => missed) / events,
      caughtUpMs: times.some((time) => time === null) ? null : Math.max(...times.map((time) => time ?? 0)),
    };
  });
}

function variantOf(id: string): Variant {
  const variant = variants.find((one) => one.id === id);
  if (variant === undefined) throw new Error(`variant ${id} of the results is not known here`);
  return variant;
}

function toFiguresOfOne(variant: Variant, clients: number, runs: readonly MeasuredRun[]): Figures {
  const perEvent = (of: (run: MeasuredRun) => number): Spread =>
    spread(runs.map((run) => of(run) / run.events));
  const cpuOf = (of: (times: CpuTimes) => number | null): Spread | null => {
    const seconds = runs.map((run) => of(run.cpu));
    return seconds.includes(null)
      ? null
      : spread(runs.map((run) => ((of(run.cpu) ?? 0) / run.events) * 1_000));
  };
  const asked = runs.filter(({ questions }) => questions > 0);
  const total = (of: (run: MeasuredRun) => number): number => runs.reduce((sum, run) => sum + of(run), 0);
  const events = total((run) => run.events);
  const reads = variant.reading.by !== 'nothing';
  return {
    ...{ variant, clients },
    delay: reads ? toDelay(runs.map(({ delays }) => decodeFromCompressedBase64(delays))) : null,
    questionsPerEvent: perEvent(({ questions }) => questions),
    wastedShare: asked.length === 0 ? null : spread(asked.map(({ questions, wasted }) => wasted / questions)),
    bytesPerEvent: perEvent(({ bytesReceived, bytesSent }) => bytesReceived + bytesSent),
    cpu: {
      gateway: cpuOf(({ gateway }) => gateway),
      broker: cpuOf(({ broker }) => broker),
      database: cpuOf(({ database }) => database),
      clients: cpuOf((times) => times.clients),
      publisher: cpuOf(({ publisher }) => publisher),
    },
    serverCpu: cpuOf(({ gateway, broker, database }) =>
      gateway === null && broker === null && database === null
        ? null
        : (gateway ?? 0) + (broker ?? 0) + (database ?? 0),
    ),
    seenShare: reads ? total(({ seen }) => seen) / events : 0,
    lost: reads ? events - total(({ known }) => known) : 0,
    publisherLateMs: Math.max(...runs.map(({ publisherLate }) => publisherLate.p99)) / 1_000,
  };
}

/** Over the delays of all repeats together. */
function toDelay(histograms: readonly Histogram[]): Figures['delay'] {
  const all = createDelays();
  for (const histogram of histograms) all.add(histogram);
  const figure = (of: (histogram: Histogram) => number): Spread => ({
    ...spread(histograms.map((histogram) => of(histogram) / 1_000)),
    value: of(all) / 1_000,
  });
  return {
    p50: figure((histogram) => histogram.getValueAtPercentile(50)),
    p99: figure((histogram) => histogram.getValueAtPercentile(99)),
    max: figure((histogram) => histogram.maxValue),
  };
}

/** The mean, the least and the greatest. */
function spread(values: readonly number[]): Spread {
  return {
    value: values.reduce((sum, value) => sum + value, 0) / values.length,
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** Milliseconds within which half of the events arrive. */
export function p50({ delay }: Figures): number {
  return delay?.p50.value ?? Infinity;
}

/** `12 ms / 34 ms`: half of the events, and 99 % of them. */
export function delayText({ delay }: Figures): string {
  return delay === null ? '–' : `${msText(delay.p50.value)} ms / ${msText(delay.p99.value)} ms`;
}
