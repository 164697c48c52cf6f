/**
 * Which letters a caller may see: what may be done with the messages of a queue may be done with its dead letters. Who
 * may read the queue may look at them, drop them and give them back; to put another message in their place takes the
 * right to send there, too. Unmatched replies belong to the reply queue of the gateway.
 */
import type { Request, Response } from 'express';
import type { OwnDestinations } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { DeadLetters, KeptLetter, LetterKey, LetterKind } from '#core/ports/dead-letters.js';
import { letterNotFound } from '#messaging/dead-letter-office.js';
import { letterIdSchema } from '#schema/letter.js';
import { matchesEtag } from '../etag.js';
import { principalOf } from '../principal.js';
import { etagOf } from './letter-documents.js';

export type LetterRequest = Request<{ id: string }>;

/** Letters under one path. */
export interface Shelf {
  readonly path: '/dead-letters' | '/unmatched-replies';
  readonly kinds: readonly LetterKind[];
}

export const deadLetterShelf: Shelf = { path: '/dead-letters', kinds: ['dead-letter', 'invalid'] };
export const unmatchedShelf: Shelf = { path: '/unmatched-replies', kinds: ['unmatched-reply'] };

/** Whether the caller may see letters of the queue; of an unmatched reply it is empty. */
export function mayRead(response: Response, own: OwnDestinations): (queue: string) => boolean {
  const principal = principalOf(response);
  return (queue) => principal.mayRead(queue === '' ? own.replies.name : queue);
}

export interface LetterAccess {
  readonly deadLetters: Pick<DeadLetters, 'find'>;
  readonly own: OwnDestinations;
}

/**
 * The letter in the path, as the caller may see it and, where it says `If-Match`, as it knows it.
 *
 * @throws LETTER_NOT_FOUND also when it is of a queue that the caller may not read; LETTER_CHANGED
 */
export async function readLetter(
  { deadLetters, own }: LetterAccess,
  request: LetterRequest,
  response: Response,
  { kinds }: Shelf,
): Promise<KeptLetter> {
  const { id } = request.params;
  // What no id can be is known to nobody, and stores need not bear it.
  if (!letterIdSchema.safeParse(id).success) throw letterNotFound(id);
  const letter = await deadLetters.find({ number: Number(id), kinds });
  if (letter === null || !mayRead(response, own)(letter.queue)) throw letterNotFound(id);
  const known = request.headers['if-match'];
  if (known !== undefined && !matchesEtag(known, etagOf(letter))) {
    throw new ReplytoError('LETTER_CHANGED', {
      detail: `If-Match says ${known.slice(0, 100)}, and the letter is ${etagOf(letter)} now`,
    });
  }
  return letter;
}

/** Names the letter; as it was read, where the caller said how it knows it. */
export function keyOf(request: LetterRequest, { number, kind, version }: KeptLetter): LetterKey {
  const isNamed = request.headers['if-match'] !== undefined;
  return { number, kinds: [kind], ...(isNamed ? { version } : {}) };
}
