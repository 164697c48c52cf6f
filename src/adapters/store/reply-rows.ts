import type { IncomingReply } from '#core/request.js';
import type { StoreContext } from './context.js';
import type { RecordRow } from './rows.js';
import { toBlob, toBuffer, toHeaderBlob } from './rows.js';
import type { ReplyRow } from './schema.js';

/** The next reply of a request, as it is kept. */
export function toReplyRow(context: StoreContext, request: RecordRow, reply: IncomingReply): ReplyRow {
  return {
    request_seq: request.seq,
    number: request.replies + 1,
    reply_id: reply.replyId,
    message_id: reply.messageId ?? context.newId(),
    time: reply.time,
    headers: toHeaderBlob(reply),
    body: toBuffer(reply.body),
    fault: reply.fault === null ? null : toBlob(reply.fault),
    late: Number(['expired', 'cancelled', 'completed'].includes(request.status)),
    received_at: context.clock.now(),
  };
}

/** What the request shows of its answer. */
export function answerOf(
  request: RecordRow,
  reply: IncomingReply,
  at: number,
): Pick<RecordRow, 'replied_at' | 'verified' | 'fault'> {
  return {
    replied_at: at,
    verified: verify(request.content_digest, reply.properties.requestDigest),
    fault: reply.fault === null ? null : toBlob(reply.fault),
  };
}

/** Whether the service saw the contents that were sent; null when it did not say. */
function verify(sent: string | null, seen: string | undefined): number | null {
  return seen === undefined || sent === null ? null : Number(seen === sent);
}
