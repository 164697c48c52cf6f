/** What was aimed at, and what the figures say of it: computed, and never written by hand. */
import { msText, numberText } from '../../tools/number-text.js';
import { medianOf } from '../../tools/spread.js';
import type { MemoryRun, Results } from '../results.js';
import type { Way } from '../ways.js';
import { wayOf, widthText } from '../ways.js';
import type { Figures } from './figures.js';

export interface Aim {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  /** Null: not measured. */
  readonly isMet: boolean | null;
  /** What a profile would show to be the bound; null where none would. */
  readonly bound: { readonly way: string; readonly width: number } | null;
}

/** Aims are judged by the medians of at least so many repeats. */
export const enoughRepeats = 3;

/** Connections and requests in flight of the aims. */
const few = 1;
const many = [50, 200];
const inFlight = 100;

const mostMemoryMb = 150;
/** Memory is flat when the median of the last fifth is no more than this times that of the second. */
const flatFactor = 1.1;

type Find = (id: string, width: number) => Figures | undefined;

export function judgeAims(results: Results, figures: readonly Figures[]): Aim[] {
  const find: Find = (id, width) =>
    figures.find((one) => one.way.id === id && one.width === width && one.rate === null);
  const atRate = (id: string): Figures | undefined =>
    figures.find((one) => one.way.id === id && one.rate !== null);
  const perSecond = (id: string, to: string, factor: number, width: number): Aim =>
    judgeThroughput({ id, to, factor, width }, find);
  return [
    ...many.flatMap((width) => [
      perSecond('classic-sqlite', 'naive', 1, width),
      perSecond('classic-sqlite', 'naive', 1.3, width),
    ]),
    ...many.map((width) =>
      judgeLatest(find('classic-sqlite', width), find('naive', width), {
        ...{ id: 'classic-sqlite', to: 'naive', load: widthText('http', width), width },
      }),
    ),
    judgeLatest(atRate('classic-sqlite'), atRate('naive'), {
      ...{ id: 'classic-sqlite', to: 'naive', load: 'at the fixed rate', width: Math.max(...many) },
    }),
    judgeMedian(find),
    ...many.map((width) => perSecond('embedded-sqlite', 'express', 0.5, width)),
    ...many.map((width) => perSecond('classic-postgres', 'naive', 1, width)),
    perSecond('library-memory', 'bare', 0.9, inFlight),
    ...['embedded-sqlite', 'classic-sqlite', 'classic-postgres'].map((id) => judgeMemory(id, find)),
    judgeFlatness(results.memory),
  ];
}

interface Comparison {
  readonly id: string;
  readonly to: string;
  readonly width: number;
}

const notMeasured = { found: 'not measured', isMet: null } as const;

function judgeThroughput(
  { id, to, width, factor }: Comparison & { readonly factor: number },
  find: Find,
): Aim {
  const [way, other] = [wayOf(id), wayOf(to)];
  const [mine, its] = [find(id, width), find(to, width)];
  const aim = {
    what: `replies per second of ${way.title}, ${widthText(way.kind, width)}`,
    wanted: factor === 1 ? `those of ${other.title}` : `${factor} × those of ${other.title}`,
    bound: { way: id, width },
  };
  if (mine === undefined || its === undefined || its.perSecond.value === 0) return { ...aim, ...notMeasured };
  const ratio = mine.perSecond.value / its.perSecond.value;
  const found = `${numberText(ratio)} × (${numberText(mine.perSecond.value)} and ${numberText(its.perSecond.value)})`;
  return { ...aim, found, isMet: ratio >= factor };
}

function judgeLatest(
  mine: Figures | undefined,
  its: Figures | undefined,
  { id, to, width, load }: Comparison & { readonly load: string },
): Aim {
  const [way, other] = [wayOf(id), wayOf(to)];
  const aim = {
    ...{ what: `p99 of ${way.title}, ${load}`, wanted: `no longer than that of ${other.title}` },
    bound: { way: id, width },
  };
  if (mine === undefined || its === undefined) return { ...aim, ...notMeasured };
  const [late, itsLate] = [mine.delay.p99.value, its.delay.p99.value];
  return { ...aim, found: `${msText(late)} ms and ${msText(itsLate)} ms`, isMet: late <= itsLate };
}

function judgeMedian(find: Find): Aim {
  const [way, other] = [wayOf('classic-sqlite'), wayOf('naive')];
  const [mine, its] = [find(way.id, few), find(other.id, few)];
  const aim = {
    what: `p50 of ${way.title}, ${widthText(way.kind, few)}`,
    wanted: `at most 1 ms more than that of ${other.title}`,
    bound: { way: way.id, width: few },
  };
  if (mine === undefined || its === undefined) return { ...aim, ...notMeasured };
  const [half, itsHalf] = [mine.delay.p50.value, its.delay.p50.value];
  const found = `${numberText(half - itsHalf)} ms more (${numberText(half)} and ${numberText(itsHalf)})`;
  return { ...aim, found, isMet: half - itsHalf <= 1 };
}

function judgeMemory(id: string, find: Find): Aim {
  const width = Math.max(...many);
  const way = wayOf(id);
  const memory = find(id, width)?.memory.subject;
  const aim = {
    ...{ what: `memory of ${way.title}, ${widthText(way.kind, width)}`, bound: null },
    wanted: `below ${mostMemoryMb} MB`,
  };
  if (memory === null || memory === undefined) return { ...aim, ...notMeasured };
  // The greatest of the repeats: a limit that is kept half of the time is none.
  return { ...aim, found: `${numberText(memory.max)} MB`, isMet: memory.max < mostMemoryMb };
}

function judgeFlatness(memory: MemoryRun | null): Aim {
  const minutes = memory === null ? 'ten minutes' : minutesText(memory.minutes);
  const aim = {
    what: `memory over ${minutes}${memory === null ? '' : `, ${loadText(memory)}`}`,
    wanted: `flat: at the end at most ${flatFactor} × what it was after a fifth; below ${mostMemoryMb} MB`,
    bound: null,
  };
  const found = memory === null ? null : toFifths(memory);
  if (found === null) return { ...aim, ...notMeasured };
  const { second, last, most } = found;
  return {
    ...aim,
    found: `${numberText(second)} MB, at the end ${numberText(last)} MB, the most ${numberText(most)} MB`,
    isMet: last <= second * flatFactor && most < mostMemoryMb,
  };
}

export function minutesText(minutes: number): string {
  return minutes === 1 ? 'one minute' : `${minutes} minutes`;
}

function loadText({ way: id, width }: MemoryRun): string {
  const way: Way = wayOf(id);
  return `${way.title}, ${widthText(way.kind, width)}`;
}

/** Megabytes: medians of the second and of the last fifth, and the most. Null of too few samples. */
function toFifths({
  samples,
}: MemoryRun): { readonly second: number; readonly last: number; readonly most: number } | null {
  const fifth = Math.floor(samples.length / 5);
  if (fifth === 0) return null;
  const mb = (bytes: number): number => bytes / 1_000_000;
  return {
    second: mb(medianOf(samples.slice(fifth, 2 * fifth))),
    last: mb(medianOf(samples.slice(-fifth))),
    most: mb(Math.max(...samples)),
  };
}
