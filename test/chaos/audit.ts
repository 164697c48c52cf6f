/** Counts what became of all requests, when nothing moves any more. */
import { callInTurns } from '../../bench/tools/callers.js';
import { wordsOf } from '../../bench/tools/words.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { until } from '../support/until.js';
import type { Counts, Final } from './counts.js';
import { countsOf, hasTwoAnswers, isLost, isOfAnother, repeatedRuns, twiceText } from './counts.js';
import type { Conversation } from './load/conversation.js';
import type { Load } from './load/load.js';
import type { ReplyQueue } from './parts/reply-queue.js';
import type { System } from './parts/system.js';

const questions = 20;
/** Of those that are not as they should be. */
const mostTold = 5;
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
  const letters = await lettersOn(system, 'deadLetters', '/dead-letters');
  if (letters > 0) problems.push(`${letters} dead letters`);
  const wrong = finals.filter(isOfAnother).length;
  if (wrong > 0) problems.push(`${wrong} have the reply of another request`);
  problems.push(...finals.filter(hasTwoAnswers).slice(0, mostTold).map(twiceText));
  const lost = finals.filter(isLost).map(({ conversation }) => conversation);
  problems.push(...(await Promise.all(lost.slice(0, mostTold).map((one) => historyOf(system, one)))));
  const runs = system.services.flatMap((service) => service.runs());
  return {
    problems,
    lost: lost.map(({ id }) => id),
    counts: {
      ...countsOf(finals),
      runTwice: repeatedRuns(runs, system.idempotentQueue),
      redelivered: repeatedRuns(runs, system.forgetfulQueue),
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

/** Of a request that was lost: where it was at each instant, as far as the gateway knows. */
async function historyOf({ gateways: [first] }: System, { id, way, queue }: Conversation): Promise<string> {
  const url = `${first?.url ?? ''}/requests/${id}`;
  const document = await call(url);
  const events = await call(`${url}/events`, { headers: { accept: 'application/json' } });
  return `lost: ${id}, whose caller chose ${way}, on ${queue}; its status is ${document.text()}, its events are ${events.text()}`;
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
