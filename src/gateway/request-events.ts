/**
 * `GET /requests/{id}/events`: the history of one request as server-sent events, or as a page of JSON; `id` is the event's
 * number for good, so `Last-Event-ID` resumes exactly. The stream ends when the request has ended and all was told; a
 * client that then comes back gets 204, which tells EventSource to stop.
 */
import type { Express, Request, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import { isFinal } from '#core/request.js';
import type { EventFilter, NumberedEvent } from '#core/status-event.js';
import { passesFilter } from '#core/status-event.js';
import type { GatewayContext } from './context.js';
import { readEventQuery, wantsStream } from './event-query.js';
import type { EventQuery } from './event-query.js';
import type { EventStream } from './event-stream.js';
import { toStreamText } from './event-stream.js';
import type { EventStreams } from './event-streams.js';
import { retryMs } from './event-streams.js';
import { readId, visible } from './known-request.js';

const pageSize = 200;
/** Nothing depends on it: a change wakes the stream at once. */
const lookAgainMs = 60_000;

export function addRequestEvents(
  app: Express,
  { store, watch, isStopping, logger }: GatewayContext,
  streams: EventStreams,
): void {
  async function serve(request: Request<{ id: string }>, response: Response): Promise<void> {
    const id = readId(request);
    const query = readEventQuery(request, ['after', 'kind', 'limit']);
    response.vary('Accept');
    if (!wantsStream(request)) {
      await sendPage(response, id, query);
      return;
    }
    await streams.serve(request, response, {
      async prepare() {
        const record = visible(response, id, await store.find(id));
        const [next] = await readEvents(id, query, 1);
        if (next !== undefined || !isFinal(record.status)) return true;
        response.status(204).end();
        return false;
      },
      follow: (stream) =>
        follow(stream, id, query).catch((error: unknown) => {
          logger.warn({ err: error, requestId: id }, 'an event stream was ended');
          stream.end(retryMs);
        }),
    });
  }

  /** Events behind the one where the client was. @throws INVALID_REQUEST when it cannot have been there */
  async function readEvents(
    id: string,
    { after = 0, positionName }: EventQuery,
    limit: number,
  ): Promise<NumberedEvent[]> {
    if (after === 0) return store.events(id, 0, limit);
    const [known, ...events] = await store.events(id, after - 1, limit + 1);
    if (known !== undefined) return events;
    const allowed = 'the number of an event of this request, or 0';
    throw new ReplytoError('INVALID_REQUEST', {
      problems: [toProblem(positionName, String(after), allowed)],
    });
  }

  async function sendPage(response: Response, id: string, query: EventQuery): Promise<void> {
    visible(response, id, await store.find(id));
    const { after = 0, limit, filter } = query;
    const events = await readEvents(id, query, limit);
    const next = events.at(-1)?.number ?? after;
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'no-store');
    response.end(JSON.stringify({ events: events.filter((event) => passesFilter(event, filter)), next }));
  }

  async function follow(stream: EventStream, id: string, { after = 0, filter }: EventQuery): Promise<void> {
    const closed = new AbortController();
    stream.onClose(() => closed.abort());
    let position = after;
    while (stream.isOpen && !isStopping()) {
      // Begun before the events are read, so that none slips through in between.
      const wait = watch.wait(id, () => true, { waitMs: lookAgainMs, signal: closed.signal });
      try {
        // The state is read before the events: if it is final, they are all there.
        const record = await store.find(id);
        position = await sendFrom(stream, id, { position, filter });
        if (record === null || isFinal(record.status)) break;
        await wait.outcome;
      } finally {
        wait.end();
      }
    }
    stream.end(retryMs);
  }

  async function sendFrom(
    stream: EventStream,
    id: string,
    from: { readonly position: number; readonly filter: EventFilter },
  ): Promise<number> {
    let { position } = from;
    for (;;) {
      const events = await store.events(id, position, pageSize);
      for (const event of events) {
        position = event.number;
        if (!passesFilter(event, from.filter)) continue;
        const isRoom = stream.send(toStreamText(event.number, event.kind, event));
        if (!isRoom) await new Promise<void>((resolve) => stream.onDrained(resolve));
        if (!stream.isOpen) return position;
      }
      if (events.length < pageSize) return position;
    }
  }

  app.get('/requests/:id/events', serve);
}
