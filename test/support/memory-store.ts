import { randomUUID } from 'node:crypto';
import type { Store } from '#adapters/store/store.js';
import { openStore } from '#adapters/store/open-store.js';
import type { Clock } from '#core/ports/clock.js';

/** A real store that lives in memory; the caller closes it. */
export function openMemoryStore(clock: Clock): Store {
  return openStore({ path: ':memory:', clock, newId: randomUUID });
}
