/** Follows the history of one request, from an event on to its end, for event streams and subscriptions. */
import { ReplytoError, toProblem } from '#core/errors.js';
import type { RequestStore } from '#core/ports/request-store.js';
import { isFinal } from '#core/request.js';
import type { EventFilter, NumberedEvent } from '#core/status-event.js';
import { passesFilter } from '#core/status-event.js';
import type { GatewayContext } from './context.js';
import type { RequestHistory } from './request-history.js';

/** Events read at once; each has 64 KiB at most. */
export const pageSize = 32;

/** Where a client was, and what said so. */
export interface Position {
  readonly after?: number | undefined;
  readonly positionName: string;
}

/** Events behind the one where the client was. @throws INVALID_REQUEST when it cannot have been there */
export async function readEventsBehind(
  store: Pick<RequestStore, 'events'>,
  id: string,
  { after = 0, positionName }: Position,
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

/** Whether this event, or one behind it, passes the filter. */
export async function isAnyWanted(
  store: Pick<RequestStore, 'events'>,
  id: string,
  first: NumberedEvent | undefined,
  filter: EventFilter,
): Promise<boolean> {
  let events = first === undefined ? [] : [first];
  for (let last = first; last !== undefined; last = events.at(-1)) {
    if (events.some((event) => passesFilter(event, filter))) return true;
    events = await store.events(id, last.number, pageSize);
  }
  return false;
}

/** One who follows a request. */
export interface RequestFollower {
  readonly after: number;
  readonly filter: EventFilter;
  /** Aborted when it is gone. */
  readonly signal: AbortSignal;
  /** Whether it still takes events. */
  readonly isOpen: () => boolean;
  /** Takes one event; a promise is waited for before the next one, and resolves also when the follower is gone. */
  readonly deliver: (event: NumberedEvent) => Promise<void> | undefined;
}

/** Nothing depends on it: a change wakes the follower at once. */
const lookAgainMs = 60_000;

/** Resolves when the request has ended and all was told, when it is gone, or when the follower is. @throws STORE_UNAVAILABLE */
export async function followRequest(
  { history, watch, isStopping }: Pick<GatewayContext, 'history' | 'watch' | 'isStopping'>,
  id: string,
  follower: RequestFollower,
): Promise<void> {
  let position = follower.after;
  while (follower.isOpen() && !isStopping()) {
    // Begun before the events are read, so that none slips through in between.
    const wait = watch.wait(id, () => true, { waitMs: lookAgainMs, signal: follower.signal });
    try {
      // The state is read before the events: if it is final, they are all there.
      const record = await history.find(id);
      position = await deliverFrom(history, id, position, follower);
      if (record === null || isFinal(record.status)) break;
      await wait.outcome;
    } finally {
      wait.end();
    }
  }
}

async function deliverFrom(
  history: RequestHistory,
  id: string,
  after: number,
  { filter, isOpen, deliver }: RequestFollower,
): Promise<number> {
  let position = after;
  for (;;) {
    let room: Promise<void> | undefined;
    const events = await history.events(id, position, pageSize);
    for (const event of events) {
      position = event.number;
      if (!passesFilter(event, filter)) continue;
      room = deliver(event);
      if (room !== undefined) break;
    }
    // Whoever has no room keeps no page meanwhile: the rest is read again.
    const isEnd = events.length < pageSize && position === (events.at(-1)?.number ?? position);
    await room;
    if (isEnd || !isOpen()) return position;
  }
}
