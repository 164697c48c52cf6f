/** `replyto dead-letters` and `replyto unmatched`: what nobody could process, read or match, as a gateway keeps it. */
import { ReplytoError, toProblem } from '#core/errors.js';
import type { CommandContext } from '../command-context.js';
import { bodyText, jsonLine } from '../message-text.js';
import { readDocument } from './answer-text.js';
import type { CommonOptions, DocumentForm } from './documents.js';
import { columnsText, fetchAnswer, fieldsText, formFor, printLines } from './documents.js';
import { refuseEmpty } from './gateway-client.js';
import type { HttpAnswer } from './http-call.js';

/** The path of the letters, and the member of a list that holds them. */
export interface LetterShelf {
  readonly path: '/dead-letters' | '/unmatched-replies';
  readonly member: 'deadLetters' | 'unmatchedReplies';
  /** In words. */
  readonly none: string;
}

export const deadLetters: LetterShelf = {
  path: '/dead-letters',
  member: 'deadLetters',
  none: 'no dead letters',
};
export const unmatchedReplies: LetterShelf = {
  path: '/unmatched-replies',
  member: 'unmatchedReplies',
  none: 'no unmatched replies',
};

export interface LetterOptions extends CommonOptions {
  /** Default: a table on a terminal, else a line of JSON for each. */
  readonly output?: DocumentForm | undefined;
}

/** Which letters are meant. */
interface LetterFilterOptions {
  readonly kind?: string | undefined;
  readonly queue?: string | undefined;
  /** Such as `1h`. */
  readonly olderThan?: string | undefined;
}

export interface ListLettersOptions extends LetterOptions, LetterFilterOptions {
  /** Id of a letter: only those that came before it. */
  readonly before?: string | undefined;
  readonly limit?: number | undefined;
}

/** @throws INVALID_REQUEST, GATEWAY_UNAVAILABLE */
export async function listLetters(
  context: CommandContext,
  shelf: LetterShelf,
  options: ListLettersOptions,
): Promise<number> {
  const { stdout, stderr } = context;
  const { kind, queue, olderThan, before, limit } = options;
  const path = `${shelf.path}${queryOf({ kind, queue, olderThan, before, limit })}`;
  const answer = await fetchAnswer(context, options, { method: 'GET', path });
  const { [shelf.member]: letters = [] } = readDocument(answer) as Readonly<
    Partial<Record<LetterShelf['member'], readonly Row[]>>
  >;
  const isTable = formFor(stdout, options.output) === 'table';
  if (isTable) await stdout.write(tableText(shelf, letters));
  else await printLines(stdout, letters);
  const next = nextOf(answer);
  const cursor = next === undefined ? null : new URL(next, 'http://gateway').searchParams.get('before');
  if (letters.length === 0 && cursor === null) await stderr.write(`${shelf.none}\n`);
  if (cursor !== null) await stderr.write(`more with --before ${cursor}\n`);
  return 0;
}

export interface ShowLetterOptions extends LetterOptions {
  /** Print its body as it is, and nothing else. */
  readonly body?: boolean | undefined;
}

/** @throws LETTER_NOT_FOUND, GATEWAY_UNAVAILABLE */
export async function showLetter(
  context: CommandContext,
  shelf: LetterShelf,
  id: string,
  options: ShowLetterOptions,
): Promise<number> {
  const { stdout } = context;
  const path = letterPath(shelf, id);
  if (options.body === true) {
    const { body } = await fetchAnswer(context, options, { method: 'GET', path: `${path}/body` });
    await stdout.write(bodyText(body, stdout.isTerminal));
    return 0;
  }
  const document = readDocument(await fetchAnswer(context, options, { method: 'GET', path }));
  const isTable = formFor(stdout, options.output) === 'table';
  await stdout.write(isTable ? fieldsText(document) : jsonLine(document));
  return 0;
}

export interface ManyLettersOptions extends LetterOptions, LetterFilterOptions {
  /** Every letter that there is. */
  readonly all?: boolean | undefined;
}

/** Letters by their ids, or all that the filter means. @throws LETTER_NOT_FOUND, GATEWAY_UNAVAILABLE, INVALID_ARGUMENT */
export async function dropLetters(
  context: CommandContext,
  shelf: LetterShelf,
  ids: readonly string[],
  options: ManyLettersOptions,
): Promise<number> {
  if (!meansMany(ids, options)) {
    for (const id of ids) {
      await fetchAnswer(context, options, { method: 'DELETE', path: letterPath(shelf, id) });
      await say(context, options, { text: `${id} dropped`, document: { id, dropped: true } });
    }
    return 0;
  }
  const { dropped = 0 } = await changeMany(context, options, { method: 'DELETE', path: shelf.path });
  await say(context, options, { text: `${dropped} dropped`, document: { dropped } });
  return 0;
}

/** As {@link dropLetters}; also LETTER_INCOMPLETE. */
export async function retryLetters(
  context: CommandContext,
  ids: readonly string[],
  options: ManyLettersOptions,
): Promise<number> {
  if (!meansMany(ids, options)) {
    for (const id of ids) await retryLetter(context, id, options);
    return 0;
  }
  const path = `${deadLetters.path}/retry`;
  const { retried = 0, skipped = 0 } = await changeMany(context, options, { method: 'POST', path });
  const left = skipped === 0 ? '' : `, ${skipped} cannot be sent again and stay`;
  await say(context, options, { text: `${retried} sent again${left}`, document: { retried, skipped } });
  return 0;
}

/** @param etag the version that is meant; absent: whatever it is by now */
export async function retryLetter(
  context: CommandContext,
  id: string,
  options: LetterOptions & { readonly etag?: string | undefined },
): Promise<void> {
  const path = `${letterPath(deadLetters, id)}/retry`;
  const headers = options.etag === undefined ? {} : { 'if-match': options.etag };
  const document = readDocument(await fetchAnswer(context, options, { method: 'POST', path, headers }));
  const text = `${id} sent again to ${String(document['queue'])}, Message-ID ${String(document['messageId'])}`;
  await say(context, options, { text, document: { id, ...document } });
}

/** @throws LETTER_NOT_FOUND, REQUEST_NOT_FOUND, SCHEMA_MISMATCH, LETTER_INCOMPLETE, GATEWAY_UNAVAILABLE */
export async function matchReply(
  context: CommandContext,
  { id, requestId }: { readonly id: string; readonly requestId: string },
  options: LetterOptions,
): Promise<number> {
  const answer = await fetchAnswer(context, options, {
    method: 'POST',
    path: `${letterPath(unmatchedReplies, id)}/match`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ requestId })),
  });
  const document = readDocument(answer);
  const isTable = formFor(context.stdout, options.output) === 'table';
  await context.stdout.write(isTable ? fieldsText(document) : jsonLine(document));
  return 0;
}

export function letterPath({ path }: LetterShelf, id: string): string {
  refuseEmpty('id', id);
  return `${path}/${encodeURIComponent(id)}`;
}

/** Whether a filter is given instead of ids. @throws INVALID_ARGUMENT when both are, or nothing is */
function meansMany(ids: readonly string[], { kind, queue, olderThan, all }: ManyLettersOptions): boolean {
  const isFiltered = all === true || [kind, queue, olderThan].some((given) => given !== undefined);
  if (isFiltered !== ids.length > 0) return isFiltered;
  const allowed = isFiltered
    ? 'ids of letters or a filter, not both'
    : 'ids of letters, a filter such as --older-than 1h, or --all';
  throw new ReplytoError('INVALID_ARGUMENT', { problems: [toProblem('id', ids[0], allowed)] });
}

interface ManyCall {
  readonly method: 'POST' | 'DELETE';
  readonly path: string;
}

/** Goes on until all that was there at the beginning is done; the sums of what the answers count. */
async function changeMany(
  context: CommandContext,
  options: ManyLettersOptions,
  { method, path }: ManyCall,
): Promise<Readonly<Partial<Record<string, number>>>> {
  const { kind, queue, olderThan, all } = options;
  const sums: Record<string, number> = {};
  let next: string | undefined = `${path}${queryOf({ kind, queue, olderThan, all })}`;
  while (next !== undefined) {
    const answer: HttpAnswer = await fetchAnswer(context, options, { method, path: next }).catch(
      async (error: unknown) => {
        const isBegun = Object.keys(sums).length > 0;
        if (isBegun) await context.stderr.write(`done before that: ${JSON.stringify(sums)}\n`);
        throw error;
      },
    );
    for (const [name, count] of Object.entries(readDocument(answer))) {
      if (typeof count === 'number') sums[name] = (sums[name] ?? 0) + count;
    }
    next = nextOf(answer);
  }
  return sums;
}

function nextOf({ headers: { link = '' } }: HttpAnswer): string | undefined {
  return /<([^<>]+)>; *rel="?next"?/u.exec(link)?.[1];
}

function queryOf(given: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(given)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query.toString()}`;
}

async function say(
  { stdout }: CommandContext,
  { output }: LetterOptions,
  { text, document }: { readonly text: string; readonly document: unknown },
): Promise<void> {
  await stdout.write(formFor(stdout, output) === 'table' ? `${text}\n` : jsonLine(document));
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly queue: string | null;
  readonly receivedAt: string;
  readonly correlationId: string | null;
  readonly reason: string;
}

function tableText({ path }: LetterShelf, letters: readonly Row[]): string {
  if (path === unmatchedReplies.path) {
    return columnsText(
      ['ID', 'RECEIVED', 'CORRELATION ID', 'REASON'],
      letters.map(({ id, receivedAt, correlationId, reason }) => [
        id,
        receivedAt,
        correlationId ?? '-',
        reason,
      ]),
    );
  }
  return columnsText(
    ['ID', 'KIND', 'RECEIVED', 'QUEUE', 'REASON'],
    letters.map(({ id, kind, receivedAt, queue, reason }) => [id, kind, receivedAt, queue ?? '-', reason]),
  );
}
