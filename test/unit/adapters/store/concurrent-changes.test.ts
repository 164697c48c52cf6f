import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import type { Store } from '#adapters/store/store.js';
import { createStore } from '#adapters/store/open-store.js';
import { queue } from '#core/destination.js';
import { toMessageBlock } from '#core/message.js';
import type { LetterKey } from '#core/ports/dead-letters.js';
import type { NewRequest } from '#core/request.js';
import { failureOf } from '../../../support/errors.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newMessage } from '../../../support/messages.js';
import { newReply, newRequest } from '../../../support/requests.js';

const leaseMs = 60_000;

/** SQLite has one writer; a database with several may show this between a read and the write that follows it. */
describe('a change that comes between what the store reads and what it writes', () => {
  let database: Database;
  let store: Store;
  let clock: ManualClock;
  /** What another writer does after the next read of this table. */
  let intrusion: { readonly table: string; readonly sql: string } | undefined;

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    database = openDatabase({ path: ':memory:' });
    intrusion = undefined;
    const shared: Database = {
      ...database,
      all(sql, values) {
        const rows = database.all(sql, values);
        if (
          intrusion !== undefined &&
          sql.startsWith('select') &&
          sql.includes(`from "${intrusion.table}"`)
        ) {
          const { sql: change } = intrusion;
          intrusion = undefined;
          expect(database.run(change).changes).to.equal(1);
        }
        return rows;
      },
    };
    store = createStore(shared, { clock, newId: randomUUID });
  });
  afterEach(() => store.close());

  async function sent(parts: Partial<NewRequest> = {}): Promise<string> {
    const request = newRequest({ replyTo: 'answers', ...parts });
    await store.requests.accept(request, { owner: 'a', leaseMs });
    await store.requests.markSent(request.id);
    return request.id;
  }

  const due = (): Promise<unknown[]> => store.outbox.claimDue({ owner: 'a', leaseMs, limit: 10 });
  const claim = (): Promise<unknown[]> => store.requests.claimUnsent({ owner: 'b', leaseMs, limit: 10 });

  /** The change fails, leaves nothing behind, and works when it is tried again. */
  async function expectRefused(id: string, change: () => Promise<unknown>): Promise<void> {
    const state = async (): Promise<unknown> => [
      await store.requests.find(id),
      await store.requests.events(id, 0, 10),
      await store.requests.findReply(id, 1),
      await store.requests.findReply(id, 2),
      database.all('SELECT * FROM outbox'),
    ];
    const { sql } = intrusion!;
    intrusion = undefined;
    const before = await state();
    intrusion = { table: 'requests', sql };
    const error = await failureOf(change());
    expect([error.code, error.retryable]).to.deep.equal(['STORE_UNAVAILABLE', true]);
    expect(error.message).to.include(id);
    expect(await state()).to.deep.equal(before);
    await change();
    expect(await state()).to.not.deep.equal(before);
  }

  it('lets no first reply replace how the request has ended', async () => {
    const id = await sent();
    intrusion = { table: 'requests', sql: "UPDATE requests SET status = 'cancelled', final_at = 1" };
    await expectRefused(id, () => store.requests.settle(newReply(id)));
  });

  it('lets no late reply be shown in place of another that came first', async () => {
    const id = await sent({ timeoutMs: 1 });
    clock.advance(1);
    await store.requests.expireDue(1);
    intrusion = { table: 'requests', sql: 'UPDATE requests SET replies = replies + 1' };
    await expectRefused(id, () => store.requests.settle(newReply(id)));
  });

  it('gives no two duplicates the same number', async () => {
    const id = await sent();
    await store.requests.settle(newReply(id));
    intrusion = { table: 'requests', sql: 'UPDATE requests SET replies = replies + 1' };
    await expectRefused(id, () => store.requests.settle(newReply(id)));
  });

  it('gives up nothing that was answered', async () => {
    const id = await sent();
    intrusion = { table: 'requests', sql: "UPDATE requests SET status = 'replied', final_at = 1" };
    await expectRefused(id, () => store.requests.giveUpSend(id, { code: 'SEND_REFUSED', message: 'no' }));
  });

  it('gives no two events the same number', async () => {
    const id = await sent();
    intrusion = { table: 'requests', sql: 'UPDATE requests SET events = events + 1' };
    const event = { id: 'e', project: null, subject: id, kind: 'log', text: 'packing', time: 0 } as const;
    await expectRefused(id, () => store.events.append(event));
  });

  it('hands out what was claimed and given back as it is by then', async () => {
    const { id } = newRequest();
    await store.requests.accept(newRequest({ id }), { owner: null, leaseMs });
    const set = "send_owner = 'x', attempts = attempts + 1, version = version + 1";
    intrusion = { table: 'requests', sql: `UPDATE requests SET ${set} WHERE id = '${id}'` };
    const [claimed] = await claim();
    expect(claimed).to.include({ id, attempts: 2, resend: 1 });
  });

  for (const [what, set] of [
    ['was cancelled', "status = 'cancelled', version = version + 1"],
    ['another has claimed', "send_owner = 'x', send_lease_until = 9e15, version = version + 1"],
  ] as const) {
    it(`hands out no request to send that ${what}`, async () => {
      const { id } = newRequest();
      await store.requests.accept(newRequest({ id }), { owner: null, leaseMs });
      await store.requests.accept(newRequest({ id: 'other' }), { owner: null, leaseMs });
      intrusion = { table: 'requests', sql: `UPDATE requests SET ${set} WHERE id = '${id}'` };
      expect(await claim()).to.have.length(1);
      const untouched = set.includes('send_owner') ? 'x' : null;
      expect(database.all('SELECT send_owner FROM requests ORDER BY seq')).to.deep.equal([
        { send_owner: untouched },
        { send_owner: 'b' },
      ]);
    });
  }

  for (const [what, set] of [
    ['was delivered', "status = 'delivered'"],
    ['another has claimed', "owner = 'x', next_at = 9e15"],
  ] as const) {
    it(`hands out no delivery that ${what}`, async () => {
      for (let turn = 0; turn < 2; turn += 1) {
        const id = await sent();
        await store.requests.settle(newReply(id));
      }
      intrusion = { table: 'outbox', sql: `UPDATE outbox SET ${set} WHERE id = 1` };
      expect(await due()).to.have.length(1);
      const [first] = database.all('SELECT owner FROM outbox ORDER BY id');
      expect(first!['owner']).to.equal(set.includes('owner') ? 'x' : null);
    });
  }

  for (const [what, sql] of [
    ['was edited', 'UPDATE dead_letters SET version = version + 1'],
    ['is gone', 'DELETE FROM dead_letters'],
  ] as const) {
    it(`sends, drops, edits and matches no letter that ${what} since it was read`, async () => {
      const id = await sent();
      const { deadLetters } = store;
      const message = newMessage();
      const kinds = ['dead-letter', 'unmatched-reply'] as const;
      const changes: ((key: LetterKey) => Promise<unknown>)[] = [
        (key) => deadLetters.retry(key),
        (key) => deadLetters.drop(key),
        (key) => deadLetters.edit(key, message),
      ];
      for (const change of changes) {
        const again = { destination: queue('work'), message: toMessageBlock(message) };
        const parts = { kind: 'dead-letter', reason: '', queue: 'work', headers: {}, again } as const;
        await deadLetters.keep({ ...parts, id: randomUUID(), body: message.body });
        const key = { number: await deadLetters.newest(), kinds };
        intrusion = {
          table: 'dead_letters',
          sql: `${sql}${sql.startsWith('U') ? ` WHERE seq = ${key.number}` : ''}`,
        };
        expect(await change(key)).to.deep.equal({ kind: 'changed' });
      }
      await store.requests.settle(newReply('unknown'));
      const number = await deadLetters.newest();
      intrusion = { table: 'dead_letters', sql: `${sql} WHERE seq = ${number}` };
      expect((await failureOf(deadLetters.match({ number, kinds }, id))).code).to.equal('STORE_UNAVAILABLE');
      expect(await store.requests.find(id)).to.include({ status: 'sent', replies: 0 });
      expect(database.all('SELECT * FROM outgoing')).to.deep.equal([]);
    });
  }

  it('lets no queue wait for a reply that came since the request was read', async () => {
    const id = await sent();
    intrusion = { table: 'requests', sql: "UPDATE requests SET status = 'cancelled', final_at = 1" };
    const error = await failureOf(
      store.outbox.deliver({ requestId: id, queue: 'more', replyNumber: 1, most: 5 }),
    );
    expect(error.code).to.equal('STORE_UNAVAILABLE');
    expect(database.all('SELECT * FROM outbox')).to.deep.equal([]);
  });
});
