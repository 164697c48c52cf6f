/** Letters as they are shown: in lists, and one by one. */
import { isUtf8 } from 'node:buffer';
import type { KeptLetter, LetterKind, LetterSummary } from '#core/ports/dead-letters.js';
import type { LetterDocument, LetterSummaryDocument } from '#schema/letter.js';
import { toInstant, toInstantOrNull } from '../answers.js';

/** A larger body is shown by itself alone: JSON of it would keep others waiting. */
const largestShownBody = 1024 * 1024;

/** Where letters of a kind are. */
function shelfOf(kind: LetterKind): '/dead-letters' | '/unmatched-replies' {
  return kind === 'unmatched-reply' ? '/unmatched-replies' : '/dead-letters';
}

export function toLetterSummary(letter: LetterSummary): LetterSummaryDocument {
  const { kind, queue, reason, messageId, correlationId, bytes, isWhole } = letter;
  const self = `${shelfOf(kind)}/${letter.number}`;
  return {
    id: String(letter.number),
    kind,
    queue: queue === '' ? null : queue,
    reason,
    messageId,
    correlationId,
    receivedAt: toInstant(letter.receivedAt),
    editedAt: toInstantOrNull(letter.editedAt),
    bytes,
    isWhole,
    links: { self, body: `${self}/body` },
  };
}

export function toLetterDocument(letter: KeptLetter): LetterDocument {
  const { again, reply, headers } = letter;
  const said = again?.message ?? reply;
  return {
    ...toLetterSummary(letter),
    replyTo: again?.message.replyTo?.name ?? null,
    contentType: contentTypeOf(letter),
    headers: { ...said?.applicationHeaders },
    isFault: said?.properties.fault === true,
    receivedHeaders: { ...headers },
    ...shownBody(letter.body),
  };
}

export function contentTypeOf({ again, reply, headers }: KeptLetter): string | null {
  return (again?.message ?? reply)?.contentType ?? headers['content-type'] ?? null;
}

function shownBody(body: Uint8Array): Pick<LetterDocument, 'body' | 'bodyBase64'> {
  if (body.byteLength > largestShownBody) return {};
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return isUtf8(body) ? { body: buffer.toString('utf8') } : { bodyBase64: buffer.toString('base64') };
}

export function etagOf({ version }: LetterSummary): string {
  return `"v${version}"`;
}
