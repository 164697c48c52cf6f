/** The answers that several resources give: the reply, the state of a request, and why there is no reply. */
import type { Response } from 'express';
import { isUtf8 } from 'node:buffer';
import { ReplytoError } from '#core/errors.js';
import { headerProblem } from '#core/header-text.js';
import type { RequestRecord, StoredReply } from '#core/request.js';
import type { RequestStatus } from '#schema/request-status.js';
import { mayTravel } from './travelling-headers.js';
import { toHttpHeader } from './header-encoding.js';
import { sendFault, sendProblem } from './problem.js';

function requestPath(id: string): string {
  return `/requests/${encodeURIComponent(id)}`;
}

/** The status document, `schemas/request-status.v1.json`. */
export function toStatusDocument(record: RequestRecord): RequestStatus {
  const self = requestPath(record.id);
  const { id, status, queue, project, replyTo, attempts, late, verified, progress, fault, replies } = record;
  return {
    id,
    status,
    queue,
    project,
    replyTo,
    createdAt: toInstant(record.createdAt),
    sentAt: toInstantOrNull(record.sentAt),
    repliedAt: toInstantOrNull(record.repliedAt),
    expiresAt: toInstantOrNull(record.expiresAt),
    attempts,
    late,
    verified,
    progress: progress === null ? null : { ...progress },
    fault: fault === null ? null : { ...fault },
    replies,
    ...familyOf(record),
    links: { self, reply: `${self}/reply`, events: `${self}/events`, ...familyLinks(record) },
  };
}

function familyOf({ parentId, children }: RequestRecord): Pick<RequestStatus, 'parentId' | 'children'> {
  if (children > 0) return { children };
  return parentId === null ? {} : { parentId };
}

function familyLinks({ id, parentId, children }: RequestRecord): Partial<RequestStatus['links']> {
  if (children > 0) return { children: `/requests?parent=${encodeURIComponent(id)}` };
  return parentId === null ? {} : { parent: requestPath(parentId) };
}

export function toInstant(at: number): string {
  return new Date(at).toISOString();
}

export function toInstantOrNull(at: number | null): string | null {
  return at === null ? null : toInstant(at);
}

export function sendJson(response: Response, status: number, value: unknown): void {
  response.status(status);
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(value));
}

export function sendStatus(response: Response, status: 200 | 202, record: RequestRecord): void {
  response.status(status);
  response.setHeader('Content-Type', 'application/json');
  response.setHeader('Message-ID', record.id);
  if (status === 202) {
    response.setHeader('Location', requestPath(record.id));
    response.setHeader('Retry-After', '1');
  }
  response.end(JSON.stringify(toStatusDocument(record)));
}

/** The reply as it came: its body, type and headers; a Fault as a problem with its own status. */
export function sendReply(
  response: Response,
  reply: StoredReply,
  defaultContentType: string | undefined,
): void {
  const { fault, requestId } = reply;
  setApplicationHeaders(response, reply.applicationHeaders);
  response.setHeader('Message-ID', reply.messageId);
  response.setHeader('Correl-ID', requestId);
  response.setHeader('Time', String(reply.time));
  if (reply.late) response.setHeader('Late', 'true');
  if (fault !== null) {
    sendFault(response, fault, requestId);
    return;
  }
  sendContents(response, reply, defaultContentType);
}

export function setApplicationHeaders(response: Response, headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    // What this answer says about itself, such as X-Content-Type-Options, is not the service's to change.
    if (isLetOut(name, value) && !response.hasHeader(name)) response.setHeader(name, toHttpHeader(value));
  }
}

type MessageContents = Pick<StoredReply, 'body' | 'contentType' | 'properties'>;

/** 200 with the body of a message, in its own type, else in `defaultContentType`, else in what it looks like. */
export function sendContents(
  response: Response,
  message: MessageContents,
  defaultContentType: string | undefined,
): void {
  const { body } = message;
  const contentType = usable(message.contentType) ?? defaultContentType ?? guessContentType(message);
  if (contentType !== undefined) response.setHeader('Content-Type', toHttpHeader(contentType));
  response.setHeader('Content-Length', String(body.byteLength));
  response.status(200).end(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
}

/**
 * Only `X-` headers of a reply come back: any other, forwarded for a service behind the service, may say how the answer
 * is framed, cached or trusted.
 */
function isLetOut(name: string, value: string): boolean {
  const lowered = name.toLowerCase();
  return lowered.startsWith('x-') && mayTravel(lowered) && headerProblem(name, value) === undefined;
}

/** Any service may write to the reply queue; a type that is no header must not make its reply unreadable. */
function usable(contentType: string | null): string | undefined {
  if (contentType === null || headerProblem('Content-Type', contentType) !== undefined) return undefined;
  return contentType;
}

/** For a service that names no type: text is text, bytes are bytes. */
function guessContentType({ body, properties }: MessageContents): string | undefined {
  if (body.byteLength === 0) return undefined;
  const isText =
    properties.form === undefined ? isUtf8(body) && !body.includes(0) : properties.form === 'text';
  return isText ? 'text/plain; charset=utf-8' : 'application/octet-stream';
}

/** What there is to say about a request that has no reply (yet). */
export function sendWithoutReply(response: Response, record: RequestRecord): void {
  const facts = { requestId: record.id };
  switch (record.status) {
    case 'accepted':
    case 'sent':
      sendStatus(response, 202, record);
      break;
    case 'completed':
      response.setHeader('Message-ID', record.id);
      response.status(204).end();
      break;
    case 'expired':
      sendProblem(
        response,
        new ReplytoError(
          'REQUEST_EXPIRED',
          record.expiresAt === null ? facts : { ...facts, deadlineAt: record.expiresAt },
        ),
      );
      break;
    case 'cancelled':
      sendProblem(response, new ReplytoError('REQUEST_CANCELLED', facts));
      break;
    case 'replied':
    case 'faulted':
      sendProblem(
        response,
        new ReplytoError('INTERNAL', { ...facts, cause: 'the reply of the request is missing' }),
      );
      break;
  }
}
