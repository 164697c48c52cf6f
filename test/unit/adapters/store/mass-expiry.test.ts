import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { openStore } from '#adapters/store/open-store.js';
import { silentLogger } from '#core/ports/logger.js';
import { silentMeter } from '#core/ports/meter.js';
import { systemClock } from '#app/system-clock.js';
import { createMessageExpiration } from '#messaging/message-expiration.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import { newRequest } from '../../../support/requests.js';
import { addPendingRequests } from '../../../support/pending-requests.js';
import { report } from '../../../support/report.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { until } from '../../../support/until.js';

describe('100,000 requests whose deadline passes at the same time', () => {
  const folder = temporaryFolder();

  it('end by and by, and what is posted meanwhile has its turn between two batches', async function () {
    this.timeout(180_000);
    const count = 100_000;
    const path = join(folder(), 'replyto.db');
    const options = { path, clock: systemClock, newId: randomUUID };
    await openStore(options).close();
    addPendingRequests({ path, queue: 'orders', count, expiresAt: Date.now() - 1 });
    const store = openStore(options);
    let ended = 0;
    let largest = 0;
    const expiration = createMessageExpiration({
      store: {
        ...store.requests,
        async expireDue(limit) {
          const expired = await store.requests.expireDue(limit);
          largest = Math.max(largest, expired.length);
          return expired;
        },
      },
      watch: createRequestWatch(systemClock),
      ...{ clock: systemClock, logger: silentLogger, meter: silentMeter },
      onForward: () => undefined,
      onEnded: () => void (ended += 1),
    });
    expiration.start();
    const betweenPosts: number[] = [];
    for (let before = ended; ended < count; before = ended) {
      await store.requests.accept(newRequest(), { owner: null, leaseMs: 60_000 });
      betweenPosts.push(ended - before);
      await new Promise((resolve) => setImmediate(resolve));
      if (betweenPosts.length > 20) break;
    }
    await until(() => ended === count, { what: 'the end of all', withinMs: 120_000 });
    expiration.stop();
    expect(Math.max(...betweenPosts)).to.be.at.most(200);
    expect(largest).to.be.at.most(200);
    expect(await store.requests.counts()).to.deep.equal({
      pending: betweenPosts.length,
      unsent: betweenPosts.length,
    });
    report(this, `${count} requests ended at once, at most ${largest} at a time`);
    await store.close();
  });
});
