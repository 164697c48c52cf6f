/** Counts what became of all requests, when nothing moves any more. */
import { callInTurns } from '../../bench/tools/callers.js';
import { wordsOf } from '../../bench/tools/words.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { until } from '../support/until.js';
import type { Counts } from './counts.js';
import type { Conversation } from './load/conversation.js';
import { isAnswered } from './load/conversation.js';
import type { Load } from './load/load.js';
import type { ReplyQueue } from './parts/reply-queue.js';
import type { System } from './parts/system.js';
import type { Run } from './runs.js';

/** What the gateway says of a request at the end. */
interface Final {
  readonly conversation: Conversation;
  /** Null: it has no reply. */
  readonly text: string | null;
  readonly isLate: boolean;
}

const questions = 20;
const quietWithinMs = 90_000;

export interface Audit {
  readonly counts: Counts;
  /** What is wrong beside the counts, in words. */
  readonly problems: readonly string[];
  /** Ids of what was lost. */
  readonly lost: readonly string[];
}

/** Every part runs again. */
export async function audit(system: System, load: Load, replyQueue: ReplyQueue): Promise<Audit> {
  const problems = [...load.strange];
  const accepted = load.conversations.filter(({ isAccepted }) => isAccepted);
  await untilQuiet(system, accepted, replyQueue).catch((error: unknown) => problems.push(wordsOf(error)));
  const finals = await askFinally(system, accepted);
  const lost = finals.filter(({ conversation, text }) => text === null || !isAnswered(conversation));
  const wrong = finals.filter(({ conversation: { id }, text }) => text !== null && !isReplyTo(id, text));
  if (wrong.length > 0) problems.push(`${wrong.length} have the reply of another request`);
  const twice = finals.filter(wasAnsweredTwice);
  const runs = system.services.flatMap((service) => service.runs());
  const letters = await lettersOn(system, 'deadLetters', '/dead-letters');
  if (letters > 0) problems.push(`${letters} dead letters`);
  return {
    problems,
    lost: lost.map(({ conversation }) => conversation.id),
    counts: {
      accepted: accepted.length,
      answered: finals.length - lost.length,
      lost: lost.length,
      answeredTwice: twice.length,
      forwardedAgain: twice.filter(isOneAnswer).length,
      runTwice: repeatedRuns(runs, system.idempotentQueue),
      redelivered: repeatedRuns(runs, system.forgetfulQueue),
      late: finals.filter(({ isLate }) => isLate).length,
      unmatched: await lettersOn(system, 'unmatchedReplies', '/unmatched-replies'),
      longestStallMs: load.longestStallMs(),
    },
  };
}

async function askFinally({ gateways }: System, accepted: readonly Conversation[]): Promise<Final[]> {
  const left = [...accepted];
  const finals: Final[] = [];
  await callInTurns(
    questions,
    () => left.length > 0,
    async (caller) => {
      const conversation = left.pop();
      if (conversation === undefined) return;
      const url = gateways[caller % gateways.length]?.url ?? '';
      const answer = await call(`${url}/requests/${conversation.id}/reply`, {
        headers: { prefer: 'wait=0' },
      });
      finals.push({
        conversation,
        text: answer.status === 200 ? answer.text() : null,
        isLate: answer.headers['late'] === 'true',
      });
    },
  );
  return finals;
}

function isReplyTo(id: string, text: string): boolean {
  return (JSON.parse(text) as { id?: unknown }).id === id;
}

/** What the caller was told, and what the gateway says now, have to be the same. */
function answersOf({ conversation: { answers }, text }: Final): Set<string> {
  return new Set([...answers, ...(text === null ? [] : [text])]);
}

function wasAnsweredTwice(final: Final): boolean {
  return answersOf(final).size > 1 || final.conversation.forwards.length > 1;
}

function isOneAnswer(final: Final): boolean {
  return answersOf(final).size === 1 && new Set(final.conversation.forwards).size === 1;
}

function repeatedRuns(runs: readonly Run[], queue: string): number {
  const times = new Map<string, number>();
  for (const run of runs) {
    if (run.queue === queue) times.set(run.messageId, (times.get(run.messageId) ?? 0) + 1);
  }
  return [...times.values()].filter((count) => count > 1).length;
}

/** At most a page of them. */
async function lettersOn({ gateways: [first] }: System, member: string, path: string): Promise<number> {
  const listed = await call(`${first?.url ?? ''}${path}?limit=100`);
  return listed.json<Record<string, unknown[]>>()[member]?.length ?? 0;
}

/** Nothing moves any more, what the callers never heard of included. */
async function untilQuiet(
  { gateways: [first] }: System,
  accepted: readonly Conversation[],
  replyQueue: ReplyQueue,
): Promise<void> {
  await until(async () => (await first?.metric('replyto_requests_pending')) === 0, {
    what: 'no open request',
    withinMs: quietWithinMs,
  });
  const forwarded = accepted.filter(({ way }) => way === 'reply-to');
  await callInTurns(
    questions,
    () => forwarded.length > 0,
    async () => {
      const id = forwarded.pop()?.id ?? '';
      await until(async () => isDelivered(await call(`${first?.url ?? ''}/requests/${id}/deliveries`)), {
        what: `the record of the delivery of ${id}`,
        withinMs: quietWithinMs,
      });
    },
  );
  await replyQueue.upToNow();
}

function isDelivered(answer: HttpAnswer): boolean {
  const { deliveries } = answer.json<{ deliveries: { state: string }[] }>();
  return deliveries.length > 0 && deliveries.every(({ state }) => state === 'delivered');
}
