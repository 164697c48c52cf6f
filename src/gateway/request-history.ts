/**
 * What followers read of requests. All who follow one wake at the same change and want the same of it, so whoever asks
 * before a read has begun shares it: five thousand streams of one request cost the store two reads for a change, not
 * ten thousand. A read that has begun is shared with nobody, since it may not see the change that one has woken for.
 */
import type { RequestStore } from '#core/ports/request-store.js';

export type RequestHistory = Pick<RequestStore, 'find' | 'events'>;

export function createRequestHistory(store: RequestHistory): RequestHistory {
  const finds = createSharedReads<Awaited<ReturnType<RequestStore['find']>>>();
  const pages = createSharedReads<Awaited<ReturnType<RequestStore['events']>>>();
  return {
    find: (id) => finds(id, () => store.find(id)),
    events: (id, after, limit) => pages(`${id} ${after} ${limit}`, () => store.events(id, after, limit)),
  };
}

function createSharedReads<T>(): (key: string, read: () => Promise<T>) => Promise<T> {
  const planned = new Map<string, Promise<T>>();
  return (key, read) => {
    const known = planned.get(key);
    if (known !== undefined) return known;
    // In a later turn: a change wakes its followers in one.
    const shared = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      planned.delete(key);
      return read();
    });
    planned.set(key, shared);
    return shared;
  };
}
