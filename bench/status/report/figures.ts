/** The figures of a report, made of the results of a run. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';
import { addCounts } from '../../tools/counts.js';
import { msText } from '../../tools/number-text.js';
import { createDelays } from '../../tools/delays.js';
import type { Spread } from '../../tools/spread.js';
import { spread, unlessNull } from '../../tools/spread.js';
import type { AwayRun, CpuTimes, MeasuredRun, Results } from '../results.js';
import type { Variant } from '../variants.js';
import { intervalOf, variants } from '../variants.js';

/** One variant at one number of clients. */
export interface Figures {
  readonly variant: Variant;
  readonly clients: number;
  readonly repeats: number;
  /** Milliseconds from the event to the client; null where nobody reads. */
  readonly delay: { readonly p50: Spread; readonly p99: Spread; readonly max: Spread } | null;
  /** Where questions are asked at fixed instants: those that fell due in one measurement and those asked, on average. */
  readonly due: { readonly due: number; readonly asked: number } | null;
  /** Clearly fewer were asked than were due: figures per event are those of another, lesser load. */
  readonly isOverloaded: boolean;
  /** Calls, queries, listings, or calls to the client. */
  readonly questionsPerEvent: Spread;
  /** Of the questions, 0-1; null when there were none. */
  readonly wastedShare: Spread | null;
  /** To and from the clients. */
  readonly bytesPerEvent: Spread;
  /** Seconds per 1,000 events, less what is used when nobody does anything; null: not measured, or takes no part. */
  readonly cpu: Readonly<Record<keyof CpuTimes, Spread | null>>;
  /** Of gateway, broker and database together, as far as measured. */
  readonly serverCpu: Spread | null;
  /** The same as cores that they kept busy, 1 being a whole one. */
  readonly serverCores: Spread | null;
  /** Cores that the process of the clients kept busy; it has one at most. */
  readonly clientCores: number | null;
  /** What one tick of the clock of CPU time (10 ms) is in seconds per 1,000 events. */
  readonly cpuStep: number;
  /** Share of the events that the clients saw themselves, and not only by a later one, 0-1; null where nobody reads. */
  readonly seenShare: Spread | null;
  /** Events of which no client learned, in all repeats. */
  readonly lost: number;
  /** Events of all repeats. */
  readonly events: number;
  /** Events that a client saw more than once, in all repeats. */
  readonly repeated: number;
  /** What went wrong and was got over, and how often, in all repeats. */
  readonly failures: Readonly<Record<string, number>>;
  /** Milliseconds by which the publisher was late: half of the time, and 99 % of it, at most. */
  readonly publisherLate: { readonly p50: number; readonly p99: number };
}

export interface AwayFigures {
  readonly variant: Variant;
  readonly events: number;
  /** Clients of one repeat. */
  readonly clients: number;
  /** 0-1 */
  readonly missedShare: number;
  /** The longest of all repeats; null: not before the next step, at least once. */
  readonly caughtUpMs: number | null;
}

/** Below this share of the questions that were due, a poll could not keep its interval. */
const keptShare = 0.95;

export function toFigures(results: Results): Figures[] {
  const idle = meanOfIdle(results.idle);
  return results.measured.map(({ variant: id, clients, runs }) =>
    toFiguresOfOne(variantOf(id), { clients, runs, idle, windowMs: results.windowMs }),
  );
}

export function toAwayFigures({ away }: Results): AwayFigures[] {
  return away.map(({ variant, runs }) => {
    const sum = (of: (run: AwayRun) => number): number => runs.reduce((total, run) => total + of(run), 0);
    const events = sum((run) => run.events);
    const times = runs.map(({ caughtUpMs }) => caughtUpMs);
    return {
      variant: variantOf(variant),
      events,
      clients: Math.max(0, ...runs.map(({ clients }) => clients)),
      missedShare: events === 0 ? 0 : sum(({ missed }) => missed) / events,
      caughtUpMs: times.some((time) => time === null) ? null : Math.max(...times.map((time) => time ?? 0)),
    };
  });
}

/** The variant of that id. @throws Error when there is none */
export function variantOf(id: string): Variant {
  const variant = variants.find((one) => one.id === id);
  if (variant === undefined) throw new Error(`variant ${id} of the results is not known here`);
  return variant;
}

interface GivenRuns {
  readonly clients: number;
  readonly runs: readonly MeasuredRun[];
  readonly idle: CpuTimes;
  readonly windowMs: number;
}

function toFiguresOfOne(variant: Variant, { clients, runs, idle, windowMs }: GivenRuns): Figures {
  const perEvent = (of: (run: MeasuredRun) => number): Spread =>
    spread(runs.map((run) => of(run) / run.events));
  const netOf = (name: keyof CpuTimes, { cpu }: MeasuredRun): number | null =>
    cpu[name] === null ? null : Math.max(0, cpu[name] - (idle[name] ?? 0));
  const cpuOf = (name: keyof CpuTimes): Spread | null =>
    unlessNull(
      runs.map((run) => perThousand(netOf(name, run), run.events)),
      spread,
    );
  const servers = (run: MeasuredRun): number | null => {
    const times = serverNames.map((name) => netOf(name, run)).filter((time) => time !== null);
    return times.length === 0 ? null : times.reduce((sum, time) => sum + time, 0);
  };
  const asked = runs.filter(({ questions }) => questions > 0);
  const total = (of: (run: MeasuredRun) => number): number => runs.reduce((sum, run) => sum + of(run), 0);
  const reads = variant.reading.by !== 'nothing';
  const due = dueOf(variant, clients, windowMs);
  const meanAsked = total(({ questions }) => questions) / runs.length;
  const clientSeconds = unlessNull(
    runs.map(({ cpu }) => cpu.clients),
    spread,
  );
  return {
    ...{ variant, clients, repeats: runs.length, events: total(({ events }) => events) },
    delay: reads ? toDelay(runs.map(({ delays }) => decodeFromCompressedBase64(delays))) : null,
    due: due === 0 ? null : { due, asked: Math.round(meanAsked) },
    isOverloaded: meanAsked < keptShare * due,
    questionsPerEvent: perEvent(({ questions }) => questions),
    wastedShare: asked.length === 0 ? null : spread(asked.map(({ questions, wasted }) => wasted / questions)),
    bytesPerEvent: perEvent(({ bytesReceived, bytesSent }) => bytesReceived + bytesSent),
    cpu: {
      gateway: cpuOf('gateway'),
      broker: cpuOf('broker'),
      database: cpuOf('database'),
      clients: cpuOf('clients'),
      publisher: cpuOf('publisher'),
    },
    serverCpu: unlessNull(
      runs.map((run) => perThousand(servers(run), run.events)),
      spread,
    ),
    serverCores: unlessNull(
      runs.map((run) => perThousand(servers(run), windowMs)),
      spread,
    ),
    clientCores: clientSeconds === null ? null : (clientSeconds.max * 1_000) / windowMs,
    cpuStep: Math.max(...runs.map(({ events }) => 10 / events)),
    seenShare: reads ? perEvent(({ seen }) => seen) : null,
    lost: reads ? total(({ events, known }) => events - known) : 0,
    repeated: total(({ repeated }) => repeated),
    failures: addCounts(runs.map(({ failures }) => failures)),
    publisherLate: {
      p50: Math.max(...runs.map(({ publisherLate }) => publisherLate.p50)) / 1_000,
      p99: Math.max(...runs.map(({ publisherLate }) => publisherLate.p99)) / 1_000,
    },
  };
}

const serverNames = ['gateway', 'broker', 'database'] as const;

/** Of one measurement; 0 where no instants are fixed, or none has to fall into so short a window. */
function dueOf(variant: Variant, clients: number, windowMs: number): number {
  const intervalMs = intervalOf(variant);
  return intervalMs === 0 ? 0 : clients * Math.floor(windowMs / intervalMs);
}

function perThousand(value: number | null, count: number): number | null {
  return value === null ? null : (value * 1_000) / count;
}

function meanOfIdle(idle: readonly CpuTimes[]): CpuTimes {
  const mean = (name: keyof CpuTimes): number | null =>
    unlessNull(
      idle.map((times) => times[name]),
      spread,
    )?.value ?? null;
  return {
    ...{ gateway: mean('gateway'), broker: mean('broker'), database: mean('database') },
    ...{ clients: mean('clients'), publisher: mean('publisher') },
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

/** Milliseconds within which half of the events arrive. */
export function p50({ delay }: Figures): number {
  return delay?.p50.value ?? Infinity;
}

/** Milliseconds within which 99 % of them arrive. */
export function p99({ delay }: Figures): number {
  return delay?.p99.value ?? Infinity;
}

/** `12 ms / 34 ms`: half of the events, and 99 % of them. */
export function delayText({ delay }: Figures): string {
  return delay === null ? '–' : `${msText(delay.p50.value)} ms / ${msText(delay.p99.value)} ms`;
}
