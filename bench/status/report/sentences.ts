/** What the figures say, in words: every sentence with a figure is made from it, and is left out where it is missing. */
import type { Results } from '../results.js';
import { toAwayFigures, toFigures } from './figures.js';
import type { Figures } from './figures.js';
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
  readonly advice: readonly (readonly [need: string, choice: string, why: string])[];
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
    advice: advise(find, results),
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
    const cpu = comparison(conditional.serverCpu?.value, plain.serverCpu?.value);
    sentences.push(
      `A poll every second asks ${numberText(plain.questionsPerEvent.value)} times per event, ${percentText(plain.wastedShare.value)} of it for nothing. ETag ${saved > 0 ? `saves ${percentText(saved)} of the bytes` : 'saves no bytes'}${cpu === null ? '' : ` and takes ${cpu} CPU time of the servers`}: the question itself is what costs.`,
    );
  }
  const fast = find('poll-100ms-etag');
  const pushed = find('sse') ?? find('sse-request');
  if (fast?.serverCpu && pushed?.serverCpu) {
    sentences.push(
      `Polling every 100 ms with ETag takes ${comparison(fast.serverCpu.value, pushed.serverCpu.value)} CPU time of the servers that ${pushed.variant.title} takes, and ${comparison(fast.bytesPerEvent.value, pushed.bytesPerEvent.value)} bytes.`,
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

/** `1.2 times the`, or null when one is not there. */
function comparison(value: number | undefined, other: number | undefined): string | null {
  if (value === undefined || other === undefined || other === 0) return null;
  return `${numberText(value / other)} times the`;
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

function advise(find: Find, results: Results): Findings['advice'] {
  const why = (id: string, more = ''): string => {
    const one = find(id);
    if (one === undefined) return more === '' ? 'not measured in this run' : more;
    const missed = toAwayFigures(results).find(({ variant }) => variant.id === id);
    return [
      `half of the events within ${msText(p50(one))} ms, 99 % within ${msText(p99(one))} ms`,
      ...(one.questionsPerEvent.value > 0
        ? [`${numberText(one.questionsPerEvent.value)} questions per event`]
        : []),
      ...(missed === undefined
        ? []
        : [
            missed.missedShare === 0
              ? 'nothing missed after an absence'
              : `${percentText(missed.missedShare)} of the events missed after an absence`,
          ]),
      ...(more === '' ? [] : [more]),
    ].join('; ');
  };
  return [
    [
      'A browser or a program that speaks HTTP and shows one task or a project',
      'server-sent events',
      why('sse'),
    ],
    [
      'A page that speaks STOMP already, or follows many topics over one connection',
      'STOMP over WebSocket',
      why('websocket'),
    ],
    [
      'A program inside, next to the broker, that speaks STOMP or JMS',
      'topic at the broker; durable where absences must not cost events',
      why('topic'),
    ],
    [
      'Nothing but plain calls: a shell script, a proxy that cuts streams',
      'long poll',
      why('long-poll', 'tells the state, not each step'),
    ],
    [
      'A task of minutes, and seconds do not matter',
      'poll every 5 s with ETag',
      why('poll-5s-etag', 'the simplest client there is'),
    ],
    [
      'Both sides use the same PostgreSQL anyway and no broker',
      'query after LISTEN/NOTIFY',
      why('database-notify', 'a connection of the database for each program that listens'),
    ],
    [
      'A server that can be reached, and hears of something rarely',
      'callback, tried again',
      why('callback', 'needs an address, an open port, retries and a proof of who calls'),
    ],
    [
      'Batches between systems that share nothing but a folder',
      'file drop',
      why('file-1s', 'no network file system was measured'),
    ],
  ];
}

function p50({ delay }: Figures): number {
  return delay?.p50.value ?? Infinity;
}

function p99({ delay }: Figures): number {
  return delay?.p99.value ?? Infinity;
}

function delayText(figures: Figures): string {
  return `${msText(p50(figures))} ms / ${msText(p99(figures))} ms`;
}
