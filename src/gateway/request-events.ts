/**
 * `GET /requests/{id}/events`: the history of one request as server-sent events, or as a page of JSON
 * (request-event-page.ts); `id` is the event's number for good, so `Last-Event-ID` resumes exactly. The stream ends when the request has ended and all was told; a
 * client that then comes back gets 204, which tells EventSource to stop.
 */
import type { Express, Request, Response } from 'express';
import { isFinal } from '#core/request.js';
import type { GatewayContext } from './context.js';
import { readEventQuery, wantsStream } from './event-query.js';
import type { EventQuery } from './event-query.js';
import type { EventStream } from './event-stream.js';
import { toStreamBytes } from './event-stream.js';
import type { EventStreams } from './event-streams.js';
import { retryMs } from './event-streams.js';
import { readId, visible } from './known-request.js';
import { createRequestEventPages } from './request-event-page.js';
import { followRequest, isAnyWanted, readEventsBehind } from './request-following.js';
import type { Waiting } from './waiting.js';

export function addRequestEvents(
  app: Express,
  context: GatewayContext,
  streams: EventStreams,
  waiting: Waiting,
): void {
  const { history, logger } = context;
  const sendPage = createRequestEventPages(context, waiting);

  async function serve(request: Request<{ id: string }>, response: Response): Promise<void> {
    const id = readId(request);
    const query = readEventQuery(request, ['after', 'kind', 'limit']);
    response.vary('Accept');
    if (!wantsStream(request)) {
      await sendPage(request, response, id, query);
      return;
    }
    await streams.serve(request, response, {
      async prepare() {
        const record = visible(response, id, await history.find(id));
        const [next] = await readEventsBehind(history, id, query, 1);
        // Else whoever wants no kind that is left would come back for ever.
        if (!isFinal(record.status) || (await isAnyWanted(history, id, next, query.filter))) return true;
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

  async function follow(stream: EventStream, id: string, { after = 0, filter }: EventQuery): Promise<void> {
    const closed = new AbortController();
    stream.onClose(() => closed.abort());
    await followRequest(context, id, {
      ...{ after, filter, signal: closed.signal },
      isOpen: () => stream.isOpen,
      deliver(event) {
        if (stream.send(toStreamBytes(event.number, event))) return undefined;
        return new Promise((resolve) => stream.onDrained(resolve));
      },
    });
    stream.end(retryMs);
  }

  app.get('/requests/:id/events', serve);
}
