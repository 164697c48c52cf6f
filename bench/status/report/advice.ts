import type { AwayFigures, Figures } from './figures.js';
import { msText, numberText, percentText } from './number-text.js';

export type Advice = readonly [need: string, choice: string, why: string];

interface Case {
  readonly need: string;
  readonly choice: string;
  /** The variant whose figures speak for it. */
  readonly variant: string;
  /** The one whose absence counts; default the same. */
  readonly away?: string;
  readonly also?: string;
}

const cases: readonly Case[] = [
  {
    need: 'A browser, or a program that speaks HTTP, and one task or a whole project to follow',
    choice: 'server-sent events',
    variant: 'sse',
  },
  {
    need: 'A page that speaks STOMP already, or follows many tasks over one connection',
    choice: 'STOMP over WebSocket',
    variant: 'websocket',
  },
  {
    need: 'A program beside the broker that speaks STOMP or JMS',
    choice: 'the topic, by a durable subscription if absences must not cost events',
    variant: 'topic',
    away: 'topic-durable',
    also: 'a subscription that is not durable misses them all',
  },
  {
    need: 'Nothing but plain calls: a shell script, a proxy that cuts streams',
    choice: 'long poll',
    variant: 'long-poll',
    also: 'tells the state and not each step',
  },
  {
    need: 'A task of minutes or hours, where seconds do not matter',
    choice: 'a poll every 5 s with ETag',
    variant: 'poll-5s-etag',
    also: 'the simplest client there is',
  },
  {
    need: 'Both sides on the same PostgreSQL anyway, and no broker',
    choice: 'a query after LISTEN/NOTIFY',
    variant: 'database-notify',
    also: 'takes a connection of the database for each program that listens',
  },
  {
    need: 'A server that others can reach, which hears of something now and then',
    choice: 'callback, tried again',
    variant: 'callback',
    away: 'callback-retried',
    also: 'needs an address, an open port, retries and a proof of who calls',
  },
  {
    need: 'Batches between systems that share nothing but a folder',
    choice: 'file drop',
    variant: 'file-1s',
    also: 'measured on a local disk, not over a network',
  },
];

/** When to choose which, with the figures that speak for it. */
export function advise(
  find: (id: string) => Figures | undefined,
  away: readonly AwayFigures[],
): readonly Advice[] {
  return cases.map((one) => {
    const absence = away.find(({ variant }) => variant.id === (one.away ?? one.variant));
    const reasons = [...toReasons(find(one.variant)), ...toAbsence(absence)];
    return [one.need, one.choice, [...reasons, ...(one.also === undefined ? [] : [one.also])].join('; ')];
  });
}

function toReasons(figures: Figures | undefined): string[] {
  if (figures === undefined || figures.delay === null) return ['not measured in this run'];
  const { delay, questionsPerEvent } = figures;
  return [
    `half of the events within ${msText(delay.p50.value)} ms, 99 % within ${msText(delay.p99.value)} ms`,
    questionsPerEvent.value > 0
      ? `${numberText(questionsPerEvent.value)} questions per event`
      : 'no questions at all',
  ];
}

function toAbsence(figures: AwayFigures | undefined): string[] {
  if (figures === undefined) return [];
  return figures.missedShare === 0
    ? ['nothing missed after an absence']
    : [`${percentText(figures.missedShare)} of the events of an absence missed`];
}
