import { v7 as newId } from 'uuid';
import { ReplytoError, toProblem } from '#core/errors.js';
import { openStore as openStoreAt } from '#adapters/store/open-store.js';
import type { Store } from '#adapters/store/open-store.js';
import { systemClock } from '../system-clock.js';

/**
 * Opens a store for a requestor or for idempotent repliers; one process at a time.
 *
 * @param url `sqlite:PATH`, or `sqlite::memory:` which keeps nothing
 * @throws INVALID_ARGUMENT, STORE_LOCKED, STORE_CORRUPT, STORE_NEWER, STORE_UNAVAILABLE
 */
export function openStore(url: string, options: { readonly retentionMs?: number } = {}): Store {
  const path = /^sqlite:(?<path>.+)$/u.exec(url)?.groups?.['path'];
  if (path === undefined) {
    throw new ReplytoError('INVALID_ARGUMENT', {
      problems: [toProblem('url', url, 'sqlite: followed by the path of a file, or sqlite::memory:')],
    });
  }
  return openStoreAt({ ...options, path, clock: systemClock, newId });
}
