import { randomUUID } from 'node:crypto';
import type { Store } from '#adapters/store/open-store.js';
import { openStore } from '#adapters/store/open-store.js';
import type { Clock } from '#core/ports/clock.js';

/** A real store that lives in memory and commits everything at once; the caller closes it. */
export function openMemoryStore(clock: Clock): Store {
  const store = openStore({ path: ':memory:', clock, newId: randomUUID });
  const { requests } = store;
  return {
    ...store,
    requests: {
      ...requests,
      markSent(id) {
        const marking = requests.markSent(id);
        // A mark may wait for a commit that somebody else needs; this is one.
        requests.renewSend([], 'nobody', 0).catch(() => undefined);
        return marking;
      },
    },
  };
}
