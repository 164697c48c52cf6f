import { join } from 'node:path';
import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { openStore } from '#app/library/open-store.js';
import { toSweptStore } from '#app/library/swept-store.js';
import { passTime } from '../../../support/event-loop.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../../support/memory-store.js';
import { processes } from '../../../support/process.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { until, within } from '../../../support/until.js';

describe('the store that a program opens', () => {
  const folder = temporaryFolder();
  const { startSource } = processes();
  const url = (): string => `sqlite:${join(folder(), 'service.db')}`;
  const opened: Store[] = [];

  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
  });

  function open(options?: Parameters<typeof openStore>[1]): Store {
    const store = openStore(url(), options);
    opened.push(store);
    return store;
  }

  it('forgets by itself what services answered when its retention is over, not before', async () => {
    const before = open();
    await before.handledMessages.begin('q', 'request');
    await before.close();
    const again = open();
    await until(() => again.transactions() > 0, { what: 'the sweep of what is new' });
    expect((await again.handledMessages.begin('q', 'request')).deliveries).to.equal(2);
    await again.close();

    const usedAt = Date.now();
    await until(() => Date.now() > usedAt + 1, { what: 'the end of a retention of 1 ms' });
    const short = open({ retentionMs: 1 });
    await until(() => short.transactions() > 0, { what: 'the sweep of what is old' });
    expect((await short.handledMessages.begin('q', 'request')).deliveries).to.equal(1);
  });

  it('is swept every minute and leaves no timer when it is closed', async () => {
    const clock = createManualClock();
    const store = toSweptStore(openMemoryStore(clock), clock);
    opened.push(store);
    await passTime(clock, 1);
    expect(store.transactions()).to.equal(1);
    // Each minute begins when the sweep before it has ended.
    for (const sweeps of [2, 3]) {
      await passTime(clock, 60_000, { stepMs: 20_000 });
      expect(store.transactions()).to.equal(sweeps);
    }
    await store.close();
    expect(clock.pending).to.equal(0);
  });

  it('keeps no process alive', async () => {
    const program = startSource('test/support/programs/open-store.ts', [url()]);
    await program.line(/opened the store/u);
    expect((await within(program.exited, { what: 'the end of the process' })).code).to.equal(0);
    await open().close();
  });
});
