/**
 * `GET /requests/{id}/events`: the history of one request as server-sent events; `id` is the event's number for
 * good, so `Last-Event-ID` resumes exactly. The stream ends when the request has ended and all was told; a
 * client that then comes back gets 204, which tells EventSource to stop.
 */
import type { Express, Request, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import { isFinal } from '#core/request.js';
import { createNameShares } from '#messaging/name-shares.js';
import { keepWaiting, turnOf } from './connection/connection-waits.js';
import type { GatewayContext } from './context.js';
import { describeEventStream, openEventStream } from './event-stream.js';
import type { EventStream } from './event-stream.js';
import { readId, visible } from './known-request.js';
import { readInteger, readQuery } from './parameters.js';
import { principalOf } from './principal.js';

export interface RequestEvents {
  readonly addResource: (app: Express) => void;
  /** Ends every stream, so that clients reconnect elsewhere or later. */
  readonly stop: () => void;
  readonly size: number;
}

const pageSize = 200;
const retryMs = 2_000;
/** Nothing depends on it: a change wakes the stream at once. */
const lookAgainMs = 60_000;

export function createRequestEvents({
  store,
  watch,
  clock,
  configuration,
  isStopping,
  logger,
}: GatewayContext): RequestEvents {
  const places = createNameShares({
    limit: configuration.requests.maxWaiting,
    what: 'event streams are open',
  });
  const streams = new Set<EventStream>();

  async function serve(request: Request<{ id: string }>, response: Response): Promise<void> {
    const id = readId(request);
    const { after: given } = readQuery(request, ['after']);
    const after = readPosition(request.headers['last-event-id'], given);
    const gone = new AbortController();
    const release = keepWaiting(response, () => gone.abort());
    try {
      // Behind another answer nobody could read the stream, and it would be buffered without bound.
      await turnOf(response, gone.signal);
      if (!gone.signal.aborted) await serveInTurn(request, response, { id, after });
    } finally {
      release();
    }
  }

  async function serveInTurn(
    request: Request<{ id: string }>,
    response: Response,
    { id, after }: { readonly id: string; readonly after: number },
  ): Promise<void> {
    const record = visible(response, id, await store.find(id));
    const [next] = await store.events(id, after, 1);
    if (next === undefined && isFinal(record.status)) {
      response.status(204).end();
      return;
    }
    if (isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    if (request.method === 'HEAD') {
      // The stream would keep the connection without ever sending a byte.
      describeEventStream(response);
      response.end();
      return;
    }
    const principal = principalOf(response);
    const refusal = places.refusal(principal.name);
    if (refusal !== null) throw new ReplytoError('TOO_MANY_WAITING', { detail: refusal, requestId: id });
    if (response.destroyed) return;
    const giveBack = places.take(principal.name);
    const stream = openEventStream(response, clock);
    streams.add(stream);
    // A token is withdrawn or expires while streams of its name are open; who still has one comes back.
    const unwatch = principal.onEnd(clock, () => stream.end(retryMs));
    stream.onClose(() => {
      streams.delete(stream);
      giveBack();
      unwatch();
    });
    await follow(stream, id, after).catch((error: unknown) => {
      logger.warn({ err: error, requestId: id }, 'an event stream was ended');
      stream.end(retryMs);
    });
  }

  async function follow(stream: EventStream, id: string, after: number): Promise<void> {
    const closed = new AbortController();
    stream.onClose(() => closed.abort());
    let position = after;
    while (stream.isOpen && !isStopping()) {
      // Begun before the events are read, so that none slips through in between.
      const wait = watch.wait(id, () => true, { waitMs: lookAgainMs, signal: closed.signal });
      try {
        // The state is read before the events: if it is final, they are all there.
        const record = await store.find(id);
        position = await sendFrom(stream, id, position);
        if (record === null || isFinal(record.status)) break;
        await wait.outcome;
      } finally {
        wait.end();
      }
    }
    stream.end(retryMs);
  }

  async function sendFrom(stream: EventStream, id: string, after: number): Promise<number> {
    let position = after;
    for (;;) {
      const events = await store.events(id, position, pageSize);
      for (const event of events) {
        await stream.send({ id: String(event.number), event: event.kind, data: event });
        position = event.number;
      }
      if (events.length < pageSize || !stream.isOpen) return position;
    }
  }

  return {
    addResource: (app) => app.get('/requests/:id/events', serve),
    stop() {
      for (const stream of [...streams]) stream.end(retryMs);
    },
    get size() {
      return streams.size;
    },
  };
}

function readPosition(header: string | string[] | undefined, parameter: string | undefined): number {
  const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER, absent: 0 };
  if (Array.isArray(header)) {
    throw new ReplytoError('INVALID_REQUEST', {
      problems: [toProblem('Last-Event-ID', header, 'given once')],
    });
  }
  // After a reconnect the browser sends the header and still has the first URL: the header is newer.
  return header === undefined || header === ''
    ? readInteger('?after', parameter, bounds)
    : readInteger('Last-Event-ID', header, bounds);
}
