/** What the figures say, in words: every sentence with a figure is made from it, and is left out where it is missing. */
import { countText, numberText, percentText, steppedText } from '../../tools/number-text.js';
import type { Results } from '../results.js';
import { advise } from './advice.js';
import type { Advice } from './advice.js';
import { delayText, p50, toAwayFigures } from './figures.js';
import type { AwayFigures, Figures } from './figures.js';
import { sayGrowth } from './growth.js';

export interface Findings {
  /** At the number of clients for which there are sentences; null when only absences were measured. */
  readonly clients: number | null;
  readonly speed: readonly string[];
  readonly price: readonly string[];
  readonly growth: readonly string[];
  readonly away: readonly string[];
  readonly advice: readonly Advice[];
}

type Find = (id: string) => Figures | undefined;

/** @param figures of these results */
export function toFindings(results: Results, figures: readonly Figures[]): Findings {
  const sizes = figures.map(({ clients }) => clients);
  const clients = sizes.length === 0 ? null : sizes.includes(100) ? 100 : Math.max(...sizes);
  const here = figures.filter((one) => one.clients === clients);
  const find: Find = (id) => here.find(({ variant }) => variant.id === id);
  // What could not be asked in full measured another load than the others.
  const findComparable: Find = (id) =>
    here.find(({ variant, isOverloaded }) => variant.id === id && !isOverloaded);
  const away = toAwayFigures(results);
  return {
    clients,
    speed: sayOrders(here),
    price: [...sayPriceOfAsking(findComparable), ...sayPriceOfQueries(findComparable)],
    growth: sayGrowth(figures),
    away: sayAway(away),
    advice: advise(find, away),
  };
}

/** Those through the gateway and those past it: the latter leave out work that somebody has to do elsewhere. */
function sayOrders(figures: readonly Figures[]): string[] {
  const reading = figures.filter(({ delay, isOverloaded }) => delay !== null && !isOverloaded);
  const through = reading.filter(({ variant }) => variant.publishing.to === 'gateway');
  const past = reading.filter(({ variant }) => variant.publishing.to !== 'gateway');
  return [
    ...sayOrder('Through the gateway, with the event on its disk first', through),
    ...sayOrder('Past the gateway, straight from the sender', past),
  ];
}

function sayOrder(which: string, figures: readonly Figures[]): string[] {
  const ordered = [...figures].sort((one, other) => p50(one) - p50(other));
  const words = (one: Figures): string => `${one.variant.title} (${delayText(one)})`;
  const last = ordered.at(-1);
  if (last === undefined || ordered.length < 3) return [];
  const soonest = ordered.slice(0, 3).map(words).join('; ');
  const end = ordered.length > 3 ? ` Last: ${words(last)}.` : '';
  return [`${which}, soonest: ${soonest}.${end} (In parentheses half of the events, and 99 % of them.)`];
}

function sayPriceOfAsking(find: Find): string[] {
  const sentences: string[] = [];
  const nobody = find('nobody');
  if (nobody?.serverCpu) {
    sentences.push(
      `Taking in 1,000 events, numbering and publishing them costs ${steppedText(nobody.serverCpu.value, nobody.cpuStep)} CPU seconds with nobody reading; the ways through the gateway contain that.`,
    );
  }
  const [plain, conditional] = [find('poll-1s'), find('poll-1s-etag')];
  if (plain !== undefined && conditional !== undefined && plain.wastedShare !== null) {
    const saved = 1 - conditional.bytesPerEvent.value / plain.bytesPerEvent.value;
    sentences.push(
      `A poll every second asks ${numberText(plain.questionsPerEvent.value)} times per event, ${percentText(plain.wastedShare.value)} of it for nothing. ETag ${saved > 0 ? `saves ${percentText(saved)} of the bytes` : 'saves no bytes'}${cpuWords(conditional, plain)}.`,
    );
  }
  const fast = find('poll-100ms-etag');
  const pushed = find('sse') ?? find('sse-request');
  if (fast !== undefined && pushed !== undefined) {
    sentences.push(
      `Polling every 100 ms with ETag moves ${numberText(fast.bytesPerEvent.value / pushed.bytesPerEvent.value)} times the bytes that ${pushed.variant.title} moves${cpuWords(fast, pushed)}.`,
    );
  }
  return sentences;
}

function sayPriceOfQueries(find: Find): string[] {
  const [query, notified] = [find('database-100ms'), find('database-notify')];
  if (query === undefined || notified === undefined) return [];
  return [
    `At the database: ${query.variant.title} ${delayText(query)} with ${numberText(query.questionsPerEvent.value)} queries per event; ${notified.variant.title} ${delayText(notified)} with ${numberText(notified.questionsPerEvent.value)}.`,
  ];
}

/** Compares CPU times of the servers; whether one is less is said only where the repeats agree on it. */
function cpuWords(one: Figures, other: Figures): string {
  const [mine, its] = [one.serverCpu, other.serverCpu];
  if (mine === null || its === null) return '';
  const text = ({ value }: { readonly value: number }): string => steppedText(value, one.cpuStep);
  const figures = `${text(mine)} CPU seconds of the servers per 1,000 events against ${text(its)}`;
  if (Math.min(one.repeats, other.repeats) === 1) return `; ${figures}, measured once`;
  if (mine.max < its.min) return `, and takes less CPU time: ${figures}`;
  if (mine.min > its.max) return `, and takes more CPU time: ${figures}`;
  return `; CPU time does not differ by more than it varies: ${figures}`;
}

function sayAway(figures: readonly AwayFigures[]): string[] {
  const all = figures.filter(({ missedShare }) => missedShare === 0);
  const latest = figures.filter(({ missedShare, caughtUpMs }) => missedShare > 0 && caughtUpMs !== null);
  const later = figures.filter(({ missedShare, caughtUpMs }) => missedShare > 0 && caughtUpMs === null);
  const titles = all.map(({ variant }) => variant.title).join('; ');
  const shares = (kept: typeof figures): string =>
    kept
      .map(({ variant, missedShare }) => `${variant.title} (${percentText(missedShare)} missed)`)
      .join('; ');
  return [
    ...(all.length > 0 ? [`Every event was there after the return: ${titles}.`] : []),
    ...(latest.length > 0
      ? [`The latest state was there, but not every event that led to it: ${shares(latest)}.`]
      : []),
    ...(later.length > 0
      ? [`Not every client knew the state of its task before the next event: ${shares(later)}.`]
      : []),
  ];
}

/** What was not as it should be, by variant and number of clients. */
export function sayTroubles(figures: readonly Figures[]): string[] {
  return figures.flatMap((one) => {
    const failures = Object.entries(one.failures).map(([reason, count]) => `${countText(count)} × ${reason}`);
    const words = [
      ...(one.isOverloaded ? [overloadText(one)] : []),
      ...(one.lost > 0
        ? [`${countText(one.lost)} of ${countText(one.events)} events had not come at the end`]
        : []),
      ...(one.repeated > 0 ? [`${countText(one.repeated)} events came more than once`] : []),
      ...(failures.length > 0 ? [`got over: ${failures.join(', ')}`] : []),
    ];
    return words.length === 0
      ? []
      : [`${one.variant.title}, ${countText(one.clients)} clients: ${words.join('; ')}.`];
  });
}

/** From this share of a core on, the process of the clients or the gateway, which have one thread, is taken to be the limit. */
const busyCores = 0.8;

function overloadText({ due, clientCores, serverCores }: Figures): string {
  const asked = `could ask ${countText(due?.asked ?? 0)} of ${countText(due?.due ?? 0)} questions`;
  if (clientCores === null) return asked;
  const clients = `the process of the clients kept ${numberText(clientCores)} of a core busy`;
  const servers = serverCores === null ? '' : ` and the servers ${numberText(serverCores.value)} cores`;
  return `${asked}; ${clients}${servers}, ${limitText(clientCores, serverCores?.value ?? 0)}`;
}

function limitText(clients: number, servers: number): string {
  if (clients > busyCores) {
    return 'so the clients were at their limit, and what the servers could do is not known';
  }
  return servers > busyCores
    ? 'so the servers were the limit'
    : 'so neither was the limit, but what the machine had left for them';
}
