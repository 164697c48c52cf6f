import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import type { Store } from '#adapters/store/store.js';
import { createStore } from '#adapters/store/open-store.js';
import type { ReplytoError } from '#core/errors.js';
import type { DeadLetter } from '#core/ports/dead-letters.js';
import type { RememberedReply } from '#core/ports/handled-messages.js';
import type { NewRequest } from '#core/request.js';
import { failureOf } from '../../../support/errors.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newReply, newRequest } from '../../../support/requests.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { happens } from '../../../support/happens.js';

const leaseMs = 60_000;
const retentionMs = 86_400_000;

const letter: DeadLetter = {
  id: 'letter',
  kind: 'invalid',
  reason: 'unreadable',
  queue: 'q',
  headers: {},
  body: Buffer.from('body'),
};
const remembered: RememberedReply = {
  messageId: 'reply',
  contentType: null,
  body: Buffer.from('answer'),
  properties: {},
  applicationHeaders: {},
};

describe('a store on a full disk', () => {
  const folder = temporaryFolder();
  let database: Database;
  let store: Store;
  let clock: ManualClock;

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    database = openDatabase({ path: join(folder(), 'replyto.db') });
    store = createStore(database, { clock, newId: randomUUID, retentionMs });
  });
  afterEach(() => store.close());

  const tables = (): string[] =>
    database
      .all("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .map(({ name }) => String(name));

  /** No page more than there are. */
  function takeLastPages(): void {
    database.exec('PRAGMA max_page_count=1');
  }

  /** Every change asks for pages, as every commit on a full disk does, and there are no more. */
  function fillDisk(): void {
    const changed = tables();
    database.exec('CREATE TABLE ballast (bytes BLOB)');
    for (const table of changed) {
      for (const change of ['INSERT', 'UPDATE', 'DELETE']) {
        database.exec(`CREATE TRIGGER ${table}_${change} AFTER ${change} ON ${table}
          BEGIN INSERT INTO ballast VALUES (zeroblob(100000)); END`);
      }
    }
    takeLastPages();
  }

  function clearDisk(): void {
    database.exec('PRAGMA max_page_count=1000000; DROP TABLE IF EXISTS ballast');
    for (const { name } of database.all("SELECT name FROM sqlite_schema WHERE type = 'trigger'")) {
      database.exec(`DROP TRIGGER ${String(name)}`);
    }
  }

  /** What the operator reads, whatever was being done. */
  function expectFull(failures: readonly ReplytoError[]): void {
    const path = join(folder(), 'replyto.db');
    for (const { code, message } of failures) {
      expect(code).to.equal('STORE_UNAVAILABLE');
      expect(message).to.include(`${path}: database or disk is full`);
    }
  }

  const everything = (): unknown =>
    Object.fromEntries(tables().map((table) => [table, database.all(`SELECT * FROM ${table}`)]));

  async function accepted(owner: string | null, parts: Partial<NewRequest> = {}): Promise<string> {
    const request = newRequest(parts);
    await store.requests.accept(request, { owner, leaseMs });
    return request.id;
  }

  /** Everything that changes something, each with something to change. */
  async function changes(): Promise<Record<string, () => Promise<unknown>>> {
    const { requests, events, outbox, deadLetters, handledMessages } = store;
    await events.claimDuty('sequencer', 2 * retentionMs);
    const first = { id: 'first', project: 'numbered', subject: 'somebody', kind: 'log', time: 0 } as const;
    await events.append(first);
    await events.number('sequencer', 10);
    const old = await accepted(null);
    await requests.cancel(old);
    const answered = await accepted('a', { replyTo: 'answers' });
    await requests.settle(newReply(answered));
    clock.advance(retentionMs);
    const [held] = await outbox.claimDue({ owner: 'a', leaseMs, limit: 1 });
    const another = await accepted('a', { replyTo: 'answers' });
    await requests.settle(newReply(another));
    await handledMessages.begin('q', 'known');
    await accepted(null, { queue: 'unsent' });
    await accepted('a', { timeoutMs: 1, queue: 'due' });
    clock.advance(1);
    const [marked, released, renewed, settled, cancelled, told, refused] = [
      await accepted('a'),
      await accepted('a'),
      await accepted('a'),
      await accepted('a'),
      await accepted('a'),
      await accepted('a'),
      await accepted('a', { replyTo: 'answers' }),
    ];
    clock.advance(1);
    await events.append({ ...first, id: 'second' });
    const event = {
      id: 'event',
      project: null,
      subject: told,
      kind: 'progress',
      percent: 1,
      time: 0,
    } as const;
    return {
      accept: () => requests.accept(newRequest(), { owner: null, leaseMs }),
      markSent: () => requests.markSent(marked),
      releaseSend: () => requests.releaseSend(released, 'a', false),
      renewSend: () => requests.renewSend([renewed], 'a', leaseMs),
      claimUnsent: () => requests.claimUnsent({ owner: 'b', leaseMs, limit: 1 }),
      settle: () => requests.settle(newReply(settled)),
      'settle by an unmatched reply': () => requests.settle(newReply('unknown')),
      cancel: () => requests.cancel(cancelled),
      giveUpSend: () => requests.giveUpSend(refused, { code: 'SEND_REFUSED', message: 'no' }),
      expireDue: () => requests.expireDue(10),
      append: () => events.append(event),
      'append to a project': () => events.append({ ...event, subject: 'somebody', project: 'shop' }),
      claimDuty: () => events.claimDuty('sequencer', leaseMs),
      'number events': () => events.number('sequencer', 10),
      markPublished: () => events.markPublished('numbered', 1),
      sweep: () => requests.sweep(10),
      claimDue: () => outbox.claimDue({ owner: 'b', leaseMs, limit: 1 }),
      'finish a delivery': () => outbox.finish(held!.id, 'a', { kind: 'delivered' }),
      'keep a dead letter': () => deadLetters.keep(letter),
      begin: () => handledMessages.begin('q', 'new'),
      remember: () => handledMessages.remember('q', 'known', remembered),
      forget: () => handledMessages.forget('q', 'known'),
      check: () => store.check(),
    };
  }

  happens(
    'Surroundings',
    'the disk is full',
    'whoever changes something gets STORE_UNAVAILABLE with the path, and nothing is changed',
    async () => {
      const asked = await changes();
      const before = everything();
      fillDisk();
      const failures = [];
      for (const [name, change] of Object.entries(asked)) {
        failures.push(await failureOf(change()).catch(() => expect.fail(`${name} was carried out`)));
      }
      expectFull(failures);
      clearDisk();
      expect(everything()).to.deep.equal(before);
    },
  );

  it('says so to everybody who asks at the same time, and changes nothing', async () => {
    const asked = await changes();
    const before = everything();
    fillDisk();
    const failures = await Promise.all(Object.values(asked).map((change) => failureOf(change())));
    expectFull(failures);
    clearDisk();
    expect(everything()).to.deep.equal(before);
  });

  it('says so too where SQLite rolls the transaction back by itself', async () => {
    const { requests, deadLetters, handledMessages } = store;
    const body = Buffer.alloc(1024 * 1024);
    const known = await accepted('a');
    await handledMessages.begin('q', 'known');
    const before = everything();
    takeLastPages();
    const large = [
      () => requests.accept(newRequest({ body }), { owner: null, leaseMs }),
      () => requests.settle(newReply(known, { body })),
      () => requests.settle(newReply('unknown', { body })),
      () => deadLetters.keep({ ...letter, body }),
      () => handledMessages.remember('q', 'known', { ...remembered, body }),
    ];
    const failures = [];
    for (const change of large) failures.push(await failureOf(change()));
    failures.push(...(await Promise.all(large.map((change) => failureOf(change())))));
    expectFull(failures);
    expect(everything()).to.deep.equal(before);
    clearDisk();
    for (const change of large) await change();
  });

  it('still tells what it knows', async () => {
    const id = await accepted('a');
    await store.requests.settle(newReply(id));
    fillDisk();
    const { requests, deadLetters } = store;
    await failureOf(requests.accept(newRequest(), { owner: null, leaseMs }));
    expect((await requests.list({ limit: 10 })).map((record) => record.id)).to.deep.equal([id]);
    expect(await requests.find(id)).to.include({ status: 'replied' });
    expect(await requests.findReply(id, 1)).to.include({ requestId: id });
    expect(await requests.events(id, 0, 10)).to.have.length(3);
    expect(await requests.counts()).to.deep.equal({ pending: 0, unsent: 0 });
    expect(await deadLetters.count()).to.include({ invalid: 0 });
  });

  happens(
    'Surroundings',
    'there is room again on a disk that was full',
    'everything is done again, without a restart',
    async () => {
      const asked = await changes();
      fillDisk();
      await Promise.all(Object.values(asked).map((change) => failureOf(change())));
      clearDisk();
      clock.advance(1_000);
      for (const [name, change] of Object.entries(asked)) {
        const before = JSON.stringify(everything());
        await change();
        expect(JSON.stringify(everything()), `what ${name} changed`).to.not.equal(before);
      }
    },
  );
});
