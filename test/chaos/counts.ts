/** Counts, of what callers were told, what the gateway says at the end, and what services wrote down. */
import type { Conversation } from './load/conversation.js';
import { isAnswered } from './load/conversation.js';
import type { Run } from './runs.js';

/** What became of all requests of a row. */
export interface Counts {
  /** The caller holds a 202, or its answer. */
  readonly accepted: number;
  /** The caller has its answer. */
  readonly answered: number;
  /** Accepted, and without an answer to the end. */
  readonly lost: number;
  /** Its caller was told two different answers, or has more than one message in its Reply-To queue. */
  readonly answeredTwice: number;
  /** Of them, those whose messages in the Reply-To queue are one and the same: one answer, one Message-ID. */
  readonly forwardedAgain: number;
  /** By the service that remembers what it answered. */
  readonly runTwice: number;
  /** Requests that the forgetful service got more than once. */
  readonly redelivered: number;
  readonly late: number;
  readonly unmatched: number;
  /** Without any answer to anybody, while callers began requests. */
  readonly longestStallMs: number;
  /** From the first post of a request to its answer. */
  readonly slowestAnswerMs: number;
}

/** Nothing was counted. */
export const noCounts: Counts = {
  ...{ accepted: 0, answered: 0, lost: 0, answeredTwice: 0, forwardedAgain: 0, runTwice: 0 },
  ...{ redelivered: 0, late: 0, unmatched: 0, longestStallMs: 0, slowestAnswerMs: 0 },
};

/** What the gateway says at the end of a request that it had accepted. */
export interface Final {
  readonly conversation: Conversation;
  /** The reply; null = it has none. */
  readonly text: string | null;
  readonly isLate: boolean;
}

type OfFinals = Omit<Counts, 'runTwice' | 'redelivered' | 'unmatched' | 'longestStallMs'>;

export function countsOf(finals: readonly Final[]): OfFinals {
  const lost = finals.filter(isLost).length;
  const twice = finals.filter(wasAnsweredTwice);
  return {
    ...{ accepted: finals.length, answered: finals.length - lost, lost },
    ...{ answeredTwice: twice.length, forwardedAgain: twice.filter(isOneAnswer).length },
    late: finals.filter(({ isLate }) => isLate).length,
    slowestAnswerMs: Math.round(finals.reduce((slowest, one) => Math.max(slowest, tookMs(one)), 0)),
  };
}

function tookMs({ conversation: { beganAt, answeredAt } }: Final): number {
  return answeredAt === null ? 0 : answeredAt - beganAt;
}

/** Its caller was told nothing, or was told what the gateway does not know. */
export function isLost({ conversation, text }: Final): boolean {
  return text === null || !isAnswered(conversation);
}

/** Services send back the id of the request. */
export function isOfAnother({ conversation, text }: Final): boolean {
  return text !== null && (JSON.parse(text) as { id?: unknown }).id !== conversation.id;
}

/** What the caller was told, and what the gateway says now, have to be the same. */
function answersOf({ conversation: { answers }, text }: Final): Set<string> {
  return new Set([...answers, ...(text === null ? [] : [text])]);
}

/** With what its caller was told, and what came to its Reply-To queue. */
export function twiceText(final: Final): string {
  const { id, way, answers, forwards } = final.conversation;
  const told = [...answers].join(' and ');
  return `answered twice: ${id}, whose caller chose ${way}; it was told ${told}; the gateway now says ${final.text ?? 'nothing'}; messages in its Reply-To queue: ${forwards.join(', ') || 'none'}`;
}

/** Not the same message again. */
export function hasTwoAnswers(final: Final): boolean {
  return wasAnsweredTwice(final) && !isOneAnswer(final);
}

function wasAnsweredTwice(final: Final): boolean {
  return answersOf(final).size > 1 || final.conversation.forwards.length > 1;
}

function isOneAnswer(final: Final): boolean {
  return answersOf(final).size === 1 && new Set(final.conversation.forwards).size === 1;
}

/** Requests of this queue that were run more than once. */
export function repeatedRuns(runs: readonly Run[], queue: string): number {
  const times = new Map<string, number>();
  for (const run of runs) {
    if (run.queue === queue) times.set(run.messageId, (times.get(run.messageId) ?? 0) + 1);
  }
  return [...times.values()].filter((count) => count > 1).length;
}
