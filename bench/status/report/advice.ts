import { countText, msText, numberText, percentText } from '../../tools/number-text.js';
import { intervalOf } from '../variants.js';
import type { AwayFigures, Figures } from './figures.js';

export type Advice = readonly [need: string, choice: string, why: string];

interface Case {
  readonly need: string;
  readonly choice: string;
  /** The variant whose figures speak for it, or against it. */
  readonly variant: string;
  /** The one whose absence counts; default the same. */
  readonly away?: string;
  /** Another way to be had for little, whose absence is told beside. */
  readonly beside?: string;
  /** What is so by its nature, whatever is measured. */
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
    beside: 'topic',
  },
  {
    need: 'Nothing but plain calls: a shell script, a proxy that cuts streams',
    choice: 'long poll of the pages of events',
    variant: 'long-poll',
  },
  {
    need: 'A task of minutes or hours, where seconds do not matter and the newest state is enough',
    choice: 'a poll every 5 s with ETag',
    variant: 'poll-5s-etag',
    beside: 'poll-1s-events',
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

/** When to choose which, with the figures that speak for it; and what of them speaks against it. */
export function advise(
  find: (id: string) => Figures | undefined,
  away: readonly AwayFigures[],
): readonly Advice[] {
  const findAway = (id: string | undefined): AwayFigures | undefined =>
    away.find(({ variant }) => variant.id === id);
  return cases.map(({ need, choice, variant, away: other, beside, also }) => {
    const figures = find(variant);
    if (figures === undefined || figures.delay === null) return [need, choice, 'not measured in this run'];
    const doubts = doubtsOf(figures);
    const besides = findAway(beside);
    const reasons = [
      ...doubts.map((doubt) => `in this run ${doubt}`),
      ...toReasons(figures),
      ...toAbsence(findAway(other ?? variant)),
      ...(besides === undefined ? [] : [`${besides.variant.title}: ${absenceText(besides)}`]),
      ...(also === undefined ? [] : [also]),
    ];
    return [need, doubts.length === 0 ? choice : `${choice}, with a doubt`, reasons.join('; ')];
  });
}

function doubtsOf({ lost, events, due, isOverloaded }: Figures): string[] {
  return [
    ...(isOverloaded && due !== null
      ? [`it could ask ${countText(due.asked)} of ${countText(due.due)} questions`]
      : []),
    ...(lost > 0 ? [`${countText(lost)} of ${countText(events)} events had not come at the end`] : []),
  ];
}

function toReasons({ variant, delay, questionsPerEvent, isOverloaded }: Figures): string[] {
  if (delay === null) return [];
  const intervalMs = intervalOf(variant);
  return [
    `half of the events within ${msText(delay.p50.value)} ms, 99 % within ${msText(delay.p99.value)} ms`,
    ...(intervalMs > 0
      ? [`${numberText(60_000 / intervalMs)} questions a minute, whatever happens`]
      : isOverloaded
        ? []
        : [
            questionsPerEvent.value > 0
              ? `${numberText(questionsPerEvent.value)} questions per event`
              : 'no questions at all',
          ]),
  ];
}

function toAbsence(figures: AwayFigures | undefined): string[] {
  return figures === undefined ? [] : [absenceText(figures)];
}

function absenceText({ missedShare }: AwayFigures): string {
  return missedShare === 0
    ? 'nothing missed after an absence'
    : `${percentText(missedShare)} of the events of an absence missed`;
}
