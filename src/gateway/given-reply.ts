/** A reply that a service gives over HTTP: to a message that it leased, or to a request whose token it has. */
import type { Request, Response } from 'express';
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { FaultBody } from '#core/fault.js';
import type { LeaseReply } from '#messaging/lease-reply.js';
import { parseFault } from '#schema/fault.js';
import { readAskingHeaders, repeatedHeaders } from './asking-headers.js';
import { readBody } from './body.js';

export interface GivenReply extends LeaseReply {
  /** Digest of the request's body as the service saw it. */
  readonly requestDigest: string | undefined;
  readonly time: number | undefined;
}

/** Null: the call was answered while its body was coming. @throws INVALID_REQUEST, and what readBody throws */
export async function readGivenReply(
  request: Request,
  response: Response,
  maxBytes: number,
): Promise<GivenReply | null> {
  const headers = readAskingHeaders(ofReply(Object.entries(request.headers)), {
    forwardHeaders: [],
    repeated: new Map(Object.entries(ofReply(repeatedHeaders(request)))),
    checkReplyTo: () => undefined,
  });
  const isFault = readFlag('Fault', request.headers['fault']);
  const requestDigest = request.headers['request-digest'];
  const body = await readBody(request, response, { maxBytes, isReply: true });
  if (response.headersSent) return null;
  return {
    messageId: headers.messageId ?? null,
    contentType: headers.contentType,
    applicationHeaders: headers.applicationHeaders,
    body,
    fault: isFault ? readFault(body) : null,
    requestDigest: typeof requestDigest === 'string' ? requestDigest : undefined,
    time: headers.time,
  };
}

const replyFields: ReadonlySet<string> = new Set(['message-id', 'idempotency-key', 'time', 'content-type']);

/**
 * Whoever copies the headers of the message sends also what a reply does not have, such as a reply address or a project:
 * whatever that says, it does not fail the call.
 */
function ofReply<T>(headers: Iterable<readonly [name: string, value: T]>): Record<string, T> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-') || replyFields.has(name)));
}

function readFlag(field: string, value: string | string[] | undefined): boolean {
  if (value === undefined) return false;
  const given = value.toString();
  const text = given.toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  const problems = [toProblem(field, given, 'true or false')];
  throw new ReplytoError('INVALID_REQUEST', { problems });
}

function readFault(body: Buffer): FaultBody {
  const parsed = parseFault(body);
  if (parsed.ok) return parsed.value;
  const problems: Problem[] = parsed.problems.map((problem) => ({
    ...problem,
    field: `body ${problem.field}`,
  }));
  throw new ReplytoError('INVALID_REQUEST', {
    detail: 'the body of a call with Fault: true is a fault, see /schemas/fault.v1.json',
    problems,
  });
}
