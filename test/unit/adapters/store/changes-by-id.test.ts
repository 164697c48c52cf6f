import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { createStore } from '#adapters/store/open-store.js';
import type { Store } from '#adapters/store/store.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newReply, newRequest } from '../../../support/requests.js';

/** Hundreds of thousands may be open while the broker is away: each change must not read all of them. */
describe('a change of some requests', () => {
  let database: Database;
  /** Of the same layout: in the first one a transaction is under way. */
  let planner: Store;
  let store: Store;
  let clock: ManualClock;
  let plans: string[];

  beforeEach(() => {
    database = openDatabase({ path: ':memory:' });
    const plannerDatabase = openDatabase({ path: ':memory:' });
    clock = createManualClock(1_700_000_000_000);
    planner = createStore(plannerDatabase, { clock, newId: randomUUID });
    plans = [];
    const explain = (sql: string, values: Parameters<Database['all']>[1]): void => {
      if (!sql.startsWith('update "requests"')) return;
      const steps = plannerDatabase.all(`EXPLAIN QUERY PLAN ${sql}`, values);
      plans.push(steps.map(({ detail }) => String(detail)).join('; '));
    };
    const explained: Database = {
      ...database,
      all(sql, values) {
        explain(sql, values);
        return database.all(sql, values);
      },
      run(sql, values) {
        explain(sql, values);
        return database.run(sql, values);
      },
    };
    store = createStore(explained, { clock, newId: randomUUID });
  });
  afterEach(() => Promise.all([store.close(), planner.close()]));

  const changes: Record<string, (ids: readonly string[]) => Promise<unknown>> = {
    'that were sent': (ids) => Promise.all(ids.map((id) => store.requests.markSent(id))),
    'whose lease is renewed': (ids) => store.requests.renewSend(ids, 'a', 1_000),
    'whose lease is given back': (ids) =>
      Promise.all(ids.map((id) => store.requests.releaseSend(id, 'a', true))),
    'that are cancelled': (ids) => Promise.all(ids.map((id) => store.requests.cancel(id))),
    'that are past their deadline': () => store.requests.expireDue(10),
    'that are answered': (ids) => Promise.all(ids.map((id) => store.requests.settle(newReply(id)))),
  };
  for (const [which, change] of Object.entries(changes)) {
    it(`${which} finds them by their ids, and reads no others`, async () => {
      const requests = Array.from({ length: 3 }, () => newRequest({ timeoutMs: 10 }));
      for (const request of requests) await store.requests.accept(request, { owner: 'a', leaseMs: 1_000 });
      clock.advance(10);
      plans = [];
      await change(requests.map(({ id }) => id));
      expect(plans).not.to.have.length(0);
      for (const plan of plans)
        expect(plan).to.match(
          /SEARCH requests USING (INDEX sqlite_autoindex_requests_1 \(id=\?\)|INTEGER PRIMARY KEY)/,
        );
    });
  }
});
