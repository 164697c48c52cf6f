/** A page of JSON of `GET /requests/{id}/events`, with ETag and long poll. */
import type { Request, Response } from 'express';
import { isFinal } from '#core/request.js';
import { passesFilter } from '#core/status-event.js';
import type { GatewayContext } from './context.js';
import { answerKnown } from './etag.js';
import type { EventQuery } from './event-query.js';
import { readPrefer, visible } from './known-request.js';
import { pageSize, readEventsBehind } from './request-following.js';
import type { Waiting } from './waiting.js';

interface Page {
  /** The events, as JSON. */
  readonly texts: readonly string[];
  /** Number of the last event that was looked at. */
  readonly next: number;
  /** Nothing is behind it at present. */
  readonly isEnd: boolean;
  /** The request has ended, and here is the end of its history. */
  readonly isOver: boolean;
}

/** Bytes of one page, about. */
const enoughBytes = 1024 * 1024;

export function createRequestEventPages(
  { history, watch, clock }: Pick<GatewayContext, 'history' | 'watch' | 'clock'>,
  waiting: Waiting,
): (request: Request, response: Response, id: string, query: EventQuery) => Promise<void> {
  async function readPage(response: Response, id: string, query: EventQuery): Promise<Page> {
    // The state is read before the events: if it is final, they are all there.
    const { status } = visible(response, id, await history.find(id));
    const texts: string[] = [];
    let next = query.after ?? 0;
    let left = query.limit;
    let bytes = 0;
    let isEnd = false;
    while (!isEnd && left > 0 && bytes < enoughBytes) {
      const size = Math.min(pageSize, left);
      const events = await (next === query.after
        ? readEventsBehind(history, id, query, size)
        : history.events(id, next, size));
      left -= events.length;
      isEnd = events.length < size;
      for (const event of events) {
        if (bytes >= enoughBytes) {
          isEnd = false;
          break;
        }
        next = event.number;
        if (!passesFilter(event, query.filter)) continue;
        const text = JSON.stringify(event);
        texts.push(text);
        bytes += Buffer.byteLength(text);
      }
    }
    return { texts, next, isEnd, isOver: isEnd && isFinal(status) };
  }

  /** A page with something on it, as soon as there is one; else the one at the end of the wait. */
  async function awaitPage(
    response: Response,
    id: string,
    query: EventQuery,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<Page> {
    const deadline = clock.monotonic() + waitMs;
    let after = query.after;
    let hasEnded = waitMs === 0;
    for (;;) {
      // Begun before the events are read, so that none slips through in between.
      const wait = watch.wait(id, () => true, { waitMs: deadline - clock.monotonic(), signal });
      try {
        const page = await readPage(response, id, { ...query, after });
        if (page.texts.length > 0 || page.isOver || hasEnded || signal.aborted) return page;
        after = page.next;
        if (page.isEnd) hasEnded = (await wait.outcome) === null;
      } finally {
        wait.end();
      }
    }
  }

  return async (request, response, id, query) => {
    const page = await waiting.run(response, { prefer: readPrefer(request), defaultMs: 0 }, (limits) =>
      awaitPage(response, id, query, limits),
    );
    if (response.destroyed) return;
    const etag = `"${query.after ?? 0}-${page.next}${page.isOver ? '-over' : ''}"`;
    response.vary('Last-Event-ID');
    if (answerKnown(request, response, etag)) return;
    response.setHeader('Content-Type', 'application/json');
    response.end(`{"events":[${page.texts.join(',')}],"next":${page.next},"isOver":${page.isOver}}`);
  };
}
