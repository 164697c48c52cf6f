import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Database, SqlValue } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import type { Store } from '#adapters/store/store.js';
import { createStore } from '#adapters/store/open-store.js';
import type { SendClaim } from '#core/ports/request-store.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newReply, newRequest } from '../../../support/requests.js';
import { appendNumbered, newStatusEvent } from '../../../support/numbered-log.js';

/** All that waits for a queue on hold is passed over at each look, while nobody else is served. */
describe('a look for work', () => {
  let database: Database;
  let store: Store;
  let plans: string[];

  beforeEach(() => {
    database = openDatabase({ path: ':memory:' });
    plans = [];
    const explained: Database = {
      ...database,
      all(sql, values) {
        if (sql.startsWith('select')) plans.push(planOf(sql, values));
        return database.all(sql, values);
      },
    };
    store = createStore(explained, { clock: createManualClock(1_700_000_000_000), newId: randomUUID });
    plans = [];
  });

  afterEach(() => store.close());

  /** Its first step is the scan. */
  function planOf(sql: string, values?: readonly SqlValue[]): string {
    const steps = database.all(`EXPLAIN QUERY PLAN ${sql}`, values);
    return steps.map(({ detail }) => String(detail)).join('; ');
  }

  const claim = { owner: 'a', leaseMs: 60_000, limit: 10 };
  const looks: Record<string, (claim: SendClaim) => Promise<unknown>> = {
    requests: (what) => store.requests.claimUnsent(what),
    'replies to deliver': (what) => store.outbox.claimDue(what),
    'outgoing messages': (what) => store.outgoing.claimDue(what),
  };
  for (const [what, look] of Object.entries(looks)) {
    it(`passes over ${what} by the index alone, and sorts nothing`, async () => {
      await look(claim);
      await look({ ...claim, exceptQueues: ['held'] });
      await look({ ...claim, queue: 'held' });
      expect(plans).to.have.length(3);
      for (const plan of plans) {
        expect(plan).to.match(/^SEARCH \w+ USING COVERING INDEX/);
        expect(plan).not.to.include('TEMP B-TREE');
      }
    });
  }

  it('matches replies to their requests by keys alone, however many requests are open', async () => {
    const id = randomUUID();
    await store.requests.accept(newRequest({ id }), { owner: null, leaseMs: 60_000 });
    plans = [];
    for (const [correlationId, kind] of [
      [id, 'settled'],
      [id, 'duplicate'],
      ['unknown', 'unmatched'],
    ] as const) {
      expect(await store.requests.settle(newReply(correlationId))).to.include({ kind });
    }
    expect(plans.join('; ')).to.match(/SEARCH requests USING (?:COVERING )?INDEX \w+ \(id=\?\)/);
    expect(plans.join('; ')).to.not.match(/SCAN (?:requests|replies|events|outbox)/);
  });

  it('reads of the requests only those of its queue', async () => {
    await store.requests.claimUnsent({ ...claim, queue: 'held' });
    expect(plans.join()).to.include('(queue=? AND status=?)');
  });

  it('for a list of projects counts no subjects: a project may have very many', async () => {
    await store.events.projects(500);
    await store.events.projects(500, () => true);
    expect(plans).to.have.length(2);
    for (const plan of plans) expect(plan).to.match(/^SCAN projects USING INDEX projects_by_time$/);
    await appendNumbered(store.events, [newStatusEvent(), newStatusEvent({ project: 'bank' })]);
    plans = [];
    expect(await store.events.projects(500)).to.have.length(2);
    expect(plans).to.have.length(1);
  });

  it('reads of the projects only those whose topics lack events, in the order of the index', async () => {
    await store.events.unpublished(64, { after: 'm', except: ['n', 'o'] });
    expect(plans).to.have.length(1);
    expect(plans[0]).to.match(/^SEARCH projects USING (COVERING )?INDEX projects_unpublished \(project>\?\)/);
    expect(plans[0]).not.to.include('TEMP B-TREE');
  });

  it('looks along letters by the index alone, of one queue as well, and reads no body for a list', async () => {
    const kinds = ['dead-letter', 'invalid'] as const;
    const batch = { kinds, after: 0, until: 9, limit: 10, enoughBytes: 10 };
    await store.deadLetters.list({ kinds, limit: 10 });
    await store.deadLetters.dropBatch(batch);
    expect(plans).to.have.length(4);
    for (const plan of plans) {
      expect(plan).to.match(/^SEARCH dead_letters USING COVERING INDEX dead_letters_in_order/);
      expect(plan).not.to.include('TEMP B-TREE');
    }
    plans = [];
    await store.deadLetters.list({ kinds, queue: 'work', limit: 10 });
    await store.deadLetters.dropBatch({ ...batch, queue: 'work' });
    expect(plans).to.have.length(4);
    for (const plan of plans) {
      expect(plan).to.match(/^SEARCH dead_letters USING COVERING INDEX dead_letters_of_queue/);
      expect(plan).not.to.include('TEMP B-TREE');
    }
  });
});
