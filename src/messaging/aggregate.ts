/** The replies of several services as one: what the aggregator makes of them. */
import { isUtf8 } from 'node:buffer';
import type { Gathering } from '#core/ports/gatherings.js';
import { isFinal } from '#core/request.js';
import type { RequestState, StoredReply } from '#core/request.js';
import { promisesUtf8 } from '#core/text-type.js';
import type { GatheredReplies, GatheredReply } from '#schema/gathered-replies.js';
import { hasReplied } from './completeness-condition.js';

export interface AggregateOptions {
  /** The first reply of a child. */
  readonly findReply: (id: string) => Promise<StoredReply | null>;
  /** Of the store. */
  readonly now: number;
  /** Bytes of all bodies in the aggregate, as they stand there; those that are too many are left with their children. */
  readonly mostBytes: number;
}

/** Bodies are read one after the other, and only where there is room for them. */
export async function aggregate(
  { children, expect }: Pick<Gathering, 'children' | 'expect'>,
  { findReply, now, mostBytes }: AggregateOptions,
): Promise<GatheredReplies> {
  let room = mostBytes;
  const replies: GatheredReply[] = [];
  for (const child of children.filter(hasReplied)) {
    const { id, queue, replyBytes } = child;
    const bytes = replyBytes ?? 0;
    const reply = bytes > room ? null : await findReply(id);
    const shown = reply === null ? null : shownContents(reply);
    const size = shown === null ? Infinity : Buffer.byteLength(JSON.stringify(shown));
    const contentType = reply?.contentType ?? null;
    if (shown === null || size > room) replies.push({ queue, id, contentType, omittedBytes: bytes });
    else {
      room -= size;
      replies.push({ queue, id, contentType, ...shown });
    }
  }
  const missing = children
    .filter((child) => !hasReplied(child))
    .map(({ queue, id, status, expiresAt }) => ({
      ...{ queue, id },
      status: expiresAt !== null && expiresAt <= now ? expired(status) : status,
    }));
  return { complete: replies.length >= expect, replies, missing };
}

/** Its time is over, whether that has been written down or not. */
function expired(status: RequestState): RequestState {
  return isFinal(status) ? status : 'expired';
}

function shownContents({
  fault,
  contentType,
  body,
}: StoredReply): Pick<GatheredReply, 'body' | 'bodyBase64' | 'fault'> {
  if (fault !== null) return { fault: { ...fault } };
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return isText(contentType, buffer)
    ? { body: buffer.toString('utf8') }
    : { bodyBase64: buffer.toString('base64') };
}

/** A service that names no type may have sent either. */
function isText(contentType: string | null, body: Buffer): boolean {
  const promised = contentType === null ? !body.includes(0) : promisesUtf8(contentType);
  return promised && isUtf8(body);
}
