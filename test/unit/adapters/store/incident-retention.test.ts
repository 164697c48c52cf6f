import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { openDatabase } from '#adapters/sqlite/database.js';
import { openStore } from '#adapters/store/open-store.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newReply, newRequest } from '../../../support/requests.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('incidents of requests', () => {
  const folder = temporaryFolder();

  it('go with their requests when retention is over, and those of others stay', async () => {
    const path = join(folder(), 'replyto.db');
    const clock = createManualClock(1_700_000_000_000);
    const store = openStore({ path, clock, newId: randomUUID, retentionMs: 1_000 });
    const { requests } = store;
    const ids = [randomUUID(), randomUUID()] as const;
    for (const id of ids) {
      await requests.accept(newRequest({ id }), { owner: 'a', leaseMs: 1_000 });
      await requests.releaseSend(id, 'a', true, 'no receipt');
    }
    await requests.claimUnsent({ owner: 'b', leaseMs: 1_000, limit: 10 });
    await requests.settle(newReply(ids[0]));
    clock.advance(1_000);
    expect(await requests.sweep(10)).to.equal(1);
    expect((await store.lives.of(ids[1], 10))?.incidents).to.have.length(2);
    await store.close();
    const database = openDatabase({ path });
    const rows = database.all(
      'SELECT count(*) AS count, count(DISTINCT request_seq) AS requests FROM incidents',
    );
    database.close();
    expect(rows).to.deep.equal([{ count: 2, requests: 1 }]);
  });
});
