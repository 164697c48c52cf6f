/** `GET /requests/{id}/trace` and `GET /requests/{id}/why`: what happened to a request, and what it waits for. */
import type { Express, Request, Response } from 'express';
import type { QueueView } from '#core/ports/queue-inspection.js';
import { unknownQueue } from '#core/ports/queue-inspection.js';
import type { RequestLife } from '#core/ports/request-lives.js';
import type { Diagnosis } from '#messaging/request-diagnosis.js';
import type { TraceEntry } from '#messaging/request-trace.js';
import { traceOf } from '#messaging/request-trace.js';
import type { RequestTraceDocument, RequestWhyDocument } from '#schema/request-life.js';
import { sendJson, toInstant, toInstantOrNull } from './answers.js';
import type { GatewayContext } from './context.js';
import { mayRead } from './dead-letters/known-letter.js';
import { readId, requestNotFound, visible } from './known-request.js';
import { readQuery } from './parameters.js';
import { principalOf } from './principal.js';

type RequestCall = Request<{ id: string }>;

/** Of the history, in one answer. */
const mostEvents = 1_000;

export function addRequestLife(app: Express, context: GatewayContext): void {
  const { store, lives, diagnosis, own } = context;

  app.get('/requests/:id/trace', async (request: RequestCall, response: Response) => {
    readQuery(request, []);
    const id = readId(request);
    visible(response, id, await store.find(id));
    const life = await lives.of(id, mostEvents);
    if (life === null) throw requestNotFound(id);
    const letters = life.letters.filter(({ queue }) => mayRead(response, own)(queue));
    const leases = knowsQueue(response, life.record.queue)
      ? life.leases
      : life.leases.map((lease) => ({ ...lease, holder: null }));
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, toTraceDocument({ ...life, letters, leases }));
  });

  app.get('/requests/:id/why', async (request: RequestCall, response: Response) => {
    readQuery(request, []);
    const id = readId(request);
    const { queue } = visible(response, id, await store.find(id));
    const rights = { queue: knowsQueue(response, queue), mayReadLetters: mayRead(response, own) };
    const found = await diagnosis.of(id, rights);
    if (response.destroyed) return;
    if (found === null) throw requestNotFound(id);
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, toWhyDocument(found, rights.queue));
  });
}

/** How a queue stands concerns those who may ask it, or read it. */
function knowsQueue(response: Response, queue: string): boolean {
  const principal = principalOf(response);
  return principal.mayAsk(queue) || principal.mayRead(queue);
}

function toTraceDocument(life: RequestLife): RequestTraceDocument {
  const { id, status, queue, createdAt } = life.record;
  return {
    ...{ id, status, queue, acceptedAt: toInstant(createdAt) },
    entries: traceOf(life).map(({ at, what, instance, says, detail }) => ({
      ...{ at: toInstant(at), afterMs: at - createdAt, what, instance, says },
      detail: withInstants(detail),
    })),
    leftOut: life.eventsLeftOut,
  };
}

function withInstants(detail: TraceEntry['detail']): TraceEntry['detail'] {
  return Object.fromEntries(
    Object.entries(detail).map(([name, value]) =>
      name.endsWith('At') && typeof value === 'number' ? [name, toInstant(value)] : [name, value],
    ),
  );
}

function toWhyDocument(
  { life, waitsFor, says, since, queue, findings, whatToDo }: Diagnosis,
  mayKnowQueue: boolean,
): RequestWhyDocument {
  const { id, status, queue: name } = life.record;
  return {
    ...{ id, status, waitsFor, says, since: toInstantOrNull(since) },
    queue: { name, ...(queue ?? notAsked(mayKnowQueue)) },
    findings: findings.map(({ code, says: found, at }) => ({ code, says: found, at: toInstantOrNull(at) })),
    whatToDo: [...whatToDo],
  };
}

function notAsked(mayKnowQueue: boolean): QueueView {
  const unknown = mayKnowQueue
    ? 'the broker is not asked: the message is not there, or the broker is away'
    : 'your rights do not cover this queue';
  return { ...unknownQueue, unknown };
}
