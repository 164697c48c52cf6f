import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'chai';
import { openDatabase } from '#adapters/sqlite/database.js';
import { migrate } from '#adapters/sqlite/migrations.js';
import { storeMigrations } from '#adapters/store/migrations.js';
import type { Store } from '#adapters/store/store.js';
import { openStore } from '#adapters/store/open-store.js';
import { createManualClock } from '#testing/manual-clock.js';
import { appendNumbered, newStatusEvent } from '../../../support/numbered-log.js';
import { newReply } from '../../../support/requests.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

/** Its place is the version of the schema before it. */
const versionBefore = (step: string): number => storeMigrations.findIndex(({ name }) => name === step);

describe('a store of an earlier version', () => {
  const folder = temporaryFolder();
  let store: Store | undefined;
  afterEach(() => store?.close());

  /** Opens what these statements made of an empty store before this step. */
  function openAfter(step: string, sql: string): Store {
    const path = join(folder(), 'replyto.db');
    const before = versionBefore(step);
    expect(before, step).to.be.at.least(0);
    const database = openDatabase({ path });
    migrate(database, storeMigrations.slice(0, before));
    database.exec(sql);
    database.close();
    store = openStore({ path, clock: createManualClock(1_700_000_000_000), newId: randomUUID });
    return store;
  }

  it('has the subjects of its projects counted', async () => {
    const subject = (project: string, name: string, sequence: number): string =>
      `('${project}', '${name}', 'log', ${sequence}, 5, 5, 0, 0)`;
    const { events } = openAfter(
      'the number of subjects of each project',
      `INSERT INTO projects (project, last, published, time) VALUES ('shop', 3, 3, 7), ('bank', 1, 1, 6), ('old', 9, 9, 5);
       INSERT INTO project_subjects (project, subject, kind, sequence, time, started_at, is_request, is_over)
       VALUES ${[subject('shop', 'a', 1), subject('shop', 'b', 3), subject('bank', 'a', 1)].join()}`,
    );
    const counted = async (): Promise<unknown[]> =>
      (await events.projects(10)).map(({ project, subjects }) => [project, subjects]);
    expect(await counted()).to.deep.equal([
      ['shop', 2],
      ['bank', 1],
      ['old', 0],
    ]);
    await appendNumbered(
      events,
      ['b', 'c'].map((name) => newStatusEvent({ subject: name })),
    );
    expect((await counted())[0]).to.deep.equal(['shop', 3]);
  });

  it('has requests that went to one queue each, which end and are removed as ever', async () => {
    const { requests, gatherings } = openAfter(
      'requests to several queues',
      `INSERT INTO requests (id, queue, status, one_way, time, fingerprint, broker_expiry, created_at, send_lease_until,
         attempts, resend, late, replies, events, version, headers, body)
       VALUES ('old', 'prices', 'sent', 0, 1, 'f', 0, 1, 0, 1, 0, 0, 0, 2, 2,
         CAST('{"contentType":null,"properties":{},"applicationHeaders":{}}' AS BLOB), x'00')`,
    );
    expect(await requests.find('old')).to.include({ parentId: null, children: 0, status: 'sent' });
    expect(await requests.settle(newReply('old'))).to.include({ kind: 'settled' });
    expect(await gatherings.find('old')).to.equal(null);
    expect(await gatherings.due(10)).to.deep.equal([]);
  });

  it('keeps its letters, which can be looked at and dropped, and not be sent again', async () => {
    const letter = (id: string, kind: string): string =>
      `('${id}', '${kind}', 'work', 5, CAST('why' AS BLOB), CAST('{"x-a":"1"}' AS BLOB), x'0001')`;
    const { deadLetters } = openAfter(
      'letters that can be looked at, edited and sent again',
      `INSERT INTO dead_letters (id, kind, queue, received_at, reason, headers, body)
       VALUES ${[letter('one', 'dead-letter'), letter('two', 'invalid'), letter('three', 'unmatched-reply')].join()};
       DELETE FROM dead_letters WHERE id = 'three'`,
    );
    const kinds = ['dead-letter', 'invalid'] as const;
    const { letters } = await deadLetters.list({ kinds, limit: 10 });
    expect(letters.map(({ number, isWhole }) => [number, isWhole])).to.deep.equal([
      [2, false],
      [1, false],
    ]);
    expect(await deadLetters.find({ number: 1, kinds })).to.deep.include({
      ...{ kind: 'dead-letter', queue: 'work', receivedAt: 5, reason: 'why', version: 1, again: null },
      ...{ headers: { 'x-a': '1' }, body: Buffer.of(0, 1), messageId: null },
    });
    expect(await deadLetters.retry({ number: 1, kinds })).to.deep.equal({ kind: 'incomplete' });
    // The same entry, delivered again by the broker.
    const again = { kind: 'invalid', reason: '', queue: 'q', headers: {}, body: Buffer.alloc(0) } as const;
    expect(await deadLetters.keep({ ...again, id: 'two' })).to.equal(false);
    expect(await deadLetters.drop({ number: 1, kinds })).to.include({ kind: 'done' });
  });
});
