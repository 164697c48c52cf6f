/** What the figures say, in words: every sentence with a figure is made from it, and is left out where it is missing. */
import type { Results } from '../results.js';
import { advise } from './advice.js';
import type { Advice } from './advice.js';
import { delayText, p50, toAwayFigures, toFigures } from './figures.js';
import type { Figures, Spread } from './figures.js';
import { msText, numberText, percentText } from './number-text.js';

/** From this factor on, a delay has grown and is not just another one. */
const grown = 3;

export interface Findings {
  /** At the number of clients for which there are sentences. */
  readonly clients: number;
  readonly speed: readonly string[];
  readonly price: readonly string[];
  readonly growth: readonly string[];
  readonly away: readonly string[];
  readonly advice: readonly Advice[];
}

type Find = (id: string) => Figures | undefined;

export function toFindings(results: Results): Findings {
  const figures = toFigures(results);
  const sizes = [...new Set(figures.map(({ clients }) => clients))];
  const clients = sizes.includes(100) ? 100 : Math.max(...sizes);
  const find: Find = (id) => figures.find((one) => one.variant.id === id && one.clients === clients);
  return {
    clients,
    speed: sayOrder(figures.filter((one) => one.clients === clients)),
    price: sayPrices(find),
    growth: sayGrowth(figures, sizes),
    away: sayAway(results),
    advice: advise(find, toAwayFigures(results)),
  };
}

function sayOrder(figures: readonly Figures[]): string[] {
  const reading = figures.filter((one) => one.delay !== null).sort((one, other) => p50(one) - p50(other));
  const words = (one: Figures): string => `${one.variant.title} (${delayText(one)})`;
  const [first, second, third] = reading;
  const last = reading.at(-1);
  if (first === undefined || second === undefined || third === undefined || last === undefined) return [];
  return [
    `Soonest: ${words(first)}, then ${words(second)} and ${words(third)}. Last: ${words(last)}. (In parentheses half of the events, and 99 % of them.)`,
  ];
}

function sayPrices(find: Find): string[] {
  return [...sayPriceOfAsking(find), ...sayPriceOfQueries(find)];
}

function sayPriceOfAsking(find: Find): string[] {
  const sentences: string[] = [];
  const nobody = find('nobody');
  if (nobody?.serverCpu) {
    sentences.push(
      `Taking in 1,000 events, numbering and publishing them costs ${numberText(nobody.serverCpu.value)} CPU seconds with nobody reading; the ways through the gateway contain that.`,
    );
  }
  const [plain, conditional] = [find('poll-1s'), find('poll-1s-etag')];
  if (plain !== undefined && conditional !== undefined && plain.wastedShare !== null) {
    const saved = 1 - conditional.bytesPerEvent.value / plain.bytesPerEvent.value;
    sentences.push(
      `A poll every second asks ${numberText(plain.questionsPerEvent.value)} times per event, ${percentText(plain.wastedShare.value)} of it for nothing. ETag ${saved > 0 ? `saves ${percentText(saved)} of the bytes` : 'saves no bytes'}${cpuWords(conditional.serverCpu, plain.serverCpu)}.`,
    );
  }
  const fast = find('poll-100ms-etag');
  const pushed = find('sse') ?? find('sse-request');
  if (fast !== undefined && pushed !== undefined) {
    sentences.push(
      `Polling every 100 ms with ETag moves ${numberText(fast.bytesPerEvent.value / pushed.bytesPerEvent.value)} times the bytes that ${pushed.variant.title} moves${cpuWords(fast.serverCpu, pushed.serverCpu)}.`,
    );
  }
  return sentences;
}

function sayPriceOfQueries(find: Find): string[] {
  const [query, notified] = [find('database-100ms'), find('database-notify')];
  if (query === undefined || notified === undefined) return [];
  return [
    `At the database, LISTEN/NOTIFY brings the delay from ${delayText(query)} down to ${delayText(notified)}, and the queries per event from ${numberText(query.questionsPerEvent.value)} to ${numberText(notified.questionsPerEvent.value)}.`,
  ];
}

/** Compares CPU times of the servers; whether one is less is said only where the repeats agree on it. */
function cpuWords(one: Spread | null, other: Spread | null): string {
  if (one === null || other === null) return '';
  const figures = `${numberText(one.value)} CPU seconds of the servers per 1,000 events against ${numberText(other.value)}`;
  if (one.min === one.max) return `; ${figures}, measured once`;
  if (one.max < other.min) return `, and takes less CPU time: ${figures}`;
  if (one.min > other.max) return `, and takes more CPU time: ${figures}`;
  return `; CPU time does not differ by more than it varies: ${figures}`;
}

function sayGrowth(figures: readonly Figures[], sizes: readonly number[]): string[] {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (least === most) {
    return [`This run had ${most} clients alone; a full run shows how the ways grow from 10 to 1,000.`];
  }
  const pairs = figures
    .filter(({ clients, delay }) => clients === most && delay !== null)
    .flatMap((large) => {
      const small = figures.find((one) => one.variant === large.variant && one.clients === least);
      return small === undefined ? [] : [{ small, large }];
    });
  const [slower, steady] = [
    pairs.filter(({ small, large }) => p50(large) > grown * p50(small)),
    pairs.filter(({ small, large }) => p50(large) <= grown * p50(small)),
  ];
  const count = (clients: number): string => clients.toLocaleString('en-US');
  return [
    ...(slower.length === 0
      ? [`From ${count(least)} to ${count(most)} clients the delay of no way grew more than ${grown}-fold.`]
      : [
          `From ${count(least)} to ${count(most)} clients these got slower, more than ${grown}-fold: ${slower
            .map(
              ({ small, large }) =>
                `${large.variant.title} (half of the events within ${msText(p50(small))} ms, then ${msText(p50(large))} ms)`,
            )
            .join('; ')}.`,
        ]),
    ...(steady.length === 0 || slower.length === 0
      ? []
      : [`The others kept their delay: ${steady.map(({ large }) => large.variant.title).join('; ')}.`]),
    ...pairs.flatMap(({ large }) =>
      large.lost === 0
        ? []
        : [
            `${large.variant.title}: ${large.lost} events had not come when the measurement of ${count(most)} clients was given up.`,
          ],
    ),
  ];
}

function sayAway(results: Results): string[] {
  const figures = toAwayFigures(results);
  const titles = (kept: typeof figures): string => kept.map(({ variant }) => variant.title).join('; ');
  const all = figures.filter(({ missedShare }) => missedShare === 0);
  const latest = figures.filter(({ missedShare, caughtUpMs }) => missedShare > 0 && caughtUpMs !== null);
  const nothing = figures.filter(({ missedShare, caughtUpMs }) => missedShare > 0 && caughtUpMs === null);
  return [
    ...(all.length > 0 ? [`Every event was there after the return: ${titles(all)}.`] : []),
    ...(latest.length > 0 ? [`The latest state was there, what led to it was not: ${titles(latest)}.`] : []),
    ...(nothing.length > 0
      ? [`Nothing was there, and the client did not know it until the next event: ${titles(nothing)}.`]
      : []),
  ];
}
