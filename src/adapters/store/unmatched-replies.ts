import type { DeadLetters, LetterKey, MatchOutcome } from '#core/ports/dead-letters.js';
import { changedMeanwhile } from './context.js';
import type { StoreContext, Tx } from './context.js';
import { readLetter } from './dead-letters.js';
import { noteIncidents } from './incidents.js';
import { removeLetter } from './letter-changes.js';
import { toKeptLetter } from './letter-rows.js';
import { lockRecords, settleRequest } from './settlement.js';

/** Replies that came to no request, and the requests that somebody finds for them. */
export function createUnmatchedReplies(context: StoreContext): Pick<DeadLetters, 'match'> {
  return {
    match: (key, requestId) => context.commits.run((tx) => match(tx, context, key, requestId), requestId),
  };
}

async function match(
  tx: Tx,
  context: StoreContext,
  key: LetterKey,
  requestId: string,
): Promise<MatchOutcome> {
  const row = await readLetter(tx, key);
  if (row === undefined) return { kind: 'unknown' };
  if (key.version !== undefined && key.version !== row.version) return { kind: 'changed' };
  const { reply, body } = toKeptLetter(row);
  if (reply === null) return { kind: 'incomplete' };
  const request = (await lockRecords(tx, context, [requestId])).get(requestId);
  if (request === undefined) return { kind: 'no-request' };
  const outcome = await settleRequest(tx, context, request, {
    reply: { ...reply, body, correlationIds: [requestId] },
  });
  // Whoever else took the letter has settled a request with it: this one is to stay as it was.
  if ((await removeLetter(tx, row)) === 'changed') throw changedMeanwhile(requestId);
  const number = 'reply' in outcome ? { reply: outcome.reply.number } : {};
  const detail = { letter: row.seq, keptAt: row.received_at, ...number };
  const { seq } = request;
  await noteIncidents(tx, context, [{ seq, kind: 'reply-matched', instance: context.instance, detail }]);
  return outcome;
}
