/** Replies as programs read them, and why there is none. */
import type { ErrorCode } from '#core/error-kinds.js';
import { ReplytoError } from '#core/errors.js';
import { Fault } from '#core/fault.js';
import type { RequestState, StoredReply } from '#core/request.js';
import { readableBody } from '#messaging/contents.js';
import type { ReadableBody } from '#messaging/contents.js';
import type { Answer } from '#messaging/requestor.js';

/** A reply: bytes, with `text()` and `json()`. */
export interface Reply extends ReadableBody {
  readonly messageId: string;
  /** Message id of the request. */
  readonly correlationId: string;
  readonly time: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** `whyUnanswered` of a request that has not ended. */
export function toReply({ record, reply }: Answer, whyUnanswered: ErrorCode): Reply {
  if (reply === null) {
    const { id, queue: destination, expiresAt } = record;
    const deadline = expiresAt === null ? {} : { deadlineAt: expiresAt };
    const code = whyEnded[record.status] ?? whyUnanswered;
    throw new ReplytoError(code, { requestId: id, destination, ...deadline });
  }
  if (reply.fault !== null) throw new Fault(reply.fault.code, reply.fault.message, reply.fault);
  return fromStored(reply);
}

const whyEnded: Partial<Record<RequestState, ErrorCode>> = {
  expired: 'REQUEST_EXPIRED',
  cancelled: 'REQUEST_CANCELLED',
};

export function fromStored({
  messageId,
  requestId,
  time,
  contentType,
  body,
  applicationHeaders,
}: StoredReply): Reply {
  return {
    messageId,
    correlationId: requestId,
    time,
    contentType,
    body,
    headers: applicationHeaders,
    ...readableBody(body),
  };
}
