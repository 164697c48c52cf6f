import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { openStore } from '#adapters/store/open-store.js';
import { createManualClock } from '#testing/manual-clock.js';
import { addPendingRequests } from '../../../support/pending-requests.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('the count of open requests by queue', () => {
  const folder = temporaryFolder();

  it('counts each once, page by page, and lets others have their turn in between', async () => {
    const path = join(folder(), 'replyto.db');
    const options = { path, clock: createManualClock(1_700_000_000_000), newId: randomUUID };
    await openStore(options).close();
    for (const [queue, count] of [
      ['bills', 15_000],
      ['orders', 30_000],
      ['stock', 1],
    ] as const) {
      addPendingRequests({ path, queue, count, expiresAt: null });
    }
    const store = openStore(options);
    let turns = 0;
    let isCounting = true;
    const turn = (): void => {
      turns += 1;
      if (isCounting) setImmediate(turn);
    };
    turn();
    const counts = await store.requests.countsByQueue();
    isCounting = false;
    expect(Object.fromEntries(counts)).to.deep.equal({
      bills: { pending: 15_000, unsent: 0 },
      orders: { pending: 30_000, unsent: 0 },
      stock: { pending: 1, unsent: 0 },
    });
    expect(turns).to.be.at.least(3);
    await store.close();
  });
});
