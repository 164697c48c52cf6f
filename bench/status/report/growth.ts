/** How the ways grow with the number of clients, and where polling stops being reasonable. */
import { countText, msText, numberText } from '../../tools/number-text.js';
import { intervalOf, ways } from '../variants.js';
import { delayText, p50, p99 } from './figures.js';
import type { Figures } from './figures.js';

/** From this factor on, a delay has grown and is not just another one. */
const grown = 3;

export function sayGrowth(figures: readonly Figures[]): string[] {
  const sizes = figures.map(({ clients }) => clients);
  if (sizes.length === 0) return [];
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (least === most) {
    return [
      `This run had ${countText(most)} clients alone: how the ways grow with their number it does not show.`,
    ];
  }
  const pairs = figures
    .filter(({ clients, delay, isOverloaded }) => clients === most && delay !== null && !isOverloaded)
    .flatMap((large) => {
      const small = figures.find((one) => one.variant === large.variant && one.clients === least);
      return small === undefined ? [] : [{ small, large }];
    });
  const isSlower = ({ small, large }: Pair): boolean =>
    p50(large) > grown * p50(small) || p99(large) > grown * p99(small);
  const [slower, steady] = [pairs.filter(isSlower), pairs.filter((pair) => !isSlower(pair))];
  const kept = steady.filter(({ large }) => large.lost === 0);
  return [
    slower.length === 0
      ? `From ${countText(least)} to ${countText(most)} clients no delay that was measured at both grew more than ${grown}-fold.`
      : `From ${countText(least)} to ${countText(most)} clients these got slower, more than ${grown}-fold for half or for 99 % of the events: ${slower
          .map(({ small, large }) => `${large.variant.title} (${delayText(small)}, then ${delayText(large)})`)
          .join('; ')}.`,
    ...(kept.length === 0 || slower.length === 0
      ? []
      : [`These kept their delay: ${kept.map(({ large }) => large.variant.title).join('; ')}.`]),
  ];
}

interface Pair {
  readonly small: Figures;
  readonly large: Figures;
}

/** Delays of this many intervals show that questions wait for one another. */
const mostIntervals = 2;
/** What the servers may work for a poll, as a multiple of what they do when they tell the client. */
const mostTimes = 3;
/** Below it nobody minds what a poll costs. */
const leastCores = 0.1;

/** What is told, to which a poll over the same parts is held. */
const told: Readonly<Record<string, readonly string[]>> = {
  polling: ['sse', 'sse-request'],
  database: ['database-notify'],
};

/** The rule by which {@link sayLimits} judges, in words. */
export const limitRule = `A poll holds here while 95 % of its questions can be asked, no event is lost, 99 % of the events are known within ${mostIntervals} intervals, and the servers work at most ${mostTimes} times as much for it as for the way that is told (${ways.events}, or LISTEN/NOTIFY) with as many clients, or less than ${leastCores} of a core.`;

/** For each poll of the gateway and of the database, up to how many clients it holds and why not beyond. */
export function sayLimits(figures: readonly Figures[]): string[] {
  const polls = figures.filter(
    ({ variant, delay }) => intervalOf(variant) > 0 && delay !== null && toldOf(variant.way) !== undefined,
  );
  return [...new Set(polls.map(({ variant }) => variant))].map((variant) => {
    const rows = polls
      .filter((one) => one.variant === variant)
      .sort((one, other) => one.clients - other.clients)
      .map((row) => ({ row, reasons: reasonsAgainst(row, findTold(figures, row)) }));
    const first = rows.findIndex(({ reasons }) => reasons.length > 0);
    const stop = rows[first];
    const held = first === -1 ? rows.at(-1) : rows[first - 1];
    const heldText =
      held === undefined
        ? 'holds at no number of clients that was measured'
        : `holds up to ${countText(held.row.clients)} clients (${delayText(held.row)}${coresText(held.row)})`;
    const more = held === undefined ? '' : ' no more';
    const stopText =
      stop === undefined ? '' : `; with ${countText(stop.row.clients)}${more}: ${stop.reasons.join('; ')}`;
    return `${variant.title}: ${heldText}${stopText}.`;
  });
}

function toldOf(way: Figures['variant']['way']): readonly string[] | undefined {
  return way === null ? undefined : told[way];
}

function findTold(figures: readonly Figures[], { variant, clients }: Figures): Figures | undefined {
  const ids = toldOf(variant.way) ?? [];
  return ids
    .map((id) => figures.find((one) => one.variant.id === id && one.clients === clients))
    .find((found) => found !== undefined);
}

function coresText({ serverCores }: Figures): string {
  return serverCores === null ? '' : `, the servers at ${numberText(serverCores.value)} cores`;
}

function reasonsAgainst(row: Figures, pushed: Figures | undefined): string[] {
  const { variant, due, isOverloaded, lost, serverCores } = row;
  if (isOverloaded && due !== null) {
    return [`it could ask ${countText(due.asked)} of ${countText(due.due)} questions`];
  }
  const mostMs = mostIntervals * intervalOf(variant);
  const reasons = [
    ...(lost > 0 ? [`${countText(lost)} events had not come at the end`] : []),
    ...(p99(row) > mostMs ? [`99 % of the events within ${msText(p99(row))} ms`] : []),
  ];
  const others = pushed?.serverCores ?? null;
  if (pushed === undefined || serverCores === null || others === null) return reasons;
  return serverCores.value > leastCores && serverCores.value > mostTimes * others.value
    ? [
        ...reasons,
        `the servers kept ${numberText(serverCores.value)} cores busy, for ${pushed.variant.title} ${numberText(others.value)}`,
      ]
    : reasons;
}
