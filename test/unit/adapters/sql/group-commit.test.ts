import { join } from 'node:path';
import { expect } from 'chai';
import { ReplytoError } from '#core/errors.js';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import type { GroupCommit } from '#adapters/sql/group-commit.js';
import { createGroupCommit } from '#adapters/sql/group-commit.js';
import { rejectionOf } from '../../../support/errors.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('group commit on SQLite', () => {
  const folder = temporaryFolder();
  let database: Database;
  let commits: GroupCommit<Database>;
  /** What the next COMMIT throws. */
  let commitError: Error | undefined;

  beforeEach(() => {
    database = openDatabase({ path: join(folder(), 'test.db') });
    database.exec('CREATE TABLE kept (id INTEGER PRIMARY KEY, name TEXT UNIQUE)');
    commitError = undefined;
    commits = createGroupCommit(async (work) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = await work(database);
        if (commitError !== undefined) throw commitError;
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.exec('ROLLBACK');
        throw error;
      }
    });
  });

  afterEach(async () => {
    await commits.idle();
    database.close();
  });

  const insert = (name: string): Promise<number> =>
    commits.run((tx) => tx.run('INSERT INTO kept (name) VALUES (?)', [name]).lastInsertRowid);
  const names = (): unknown[] => database.all('SELECT name FROM kept ORDER BY id').map(({ name }) => name);

  it('gives each operation its own result, in the order in which they were given', async () => {
    expect(await Promise.all([insert('a'), insert('b'), insert('c')])).to.deep.equal([1, 2, 3]);
    expect(names()).to.deep.equal(['a', 'b', 'c']);
  });

  it('commits what one turn of the event loop brought as one transaction', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, number) => insert(`name ${number}`)));
    expect(commits.transactions).to.equal(1);
  });

  it('makes far fewer transactions than operations for 5,000 operations of 50 callers', async () => {
    const caller = async (number: number): Promise<void> => {
      for (let turn = 0; turn < 100; turn += 1) await insert(`${number}/${turn}`);
    };
    await Promise.all(Array.from({ length: 50 }, (_, number) => caller(number)));
    expect(names()).to.have.length(5_000);
    expect(commits.transactions).to.be.at.most(500);
  }).timeout(60_000);

  it('runs no transaction while nothing is asked', async () => {
    await insert('only');
    await commits.idle();
    expect(commits.transactions).to.equal(1);
  });

  it('fails only the operation that fails, and commits its neighbours', async () => {
    await insert('taken');
    const outcomes = await Promise.allSettled([insert('before'), insert('taken'), insert('after')]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'rejected', 'fulfilled']);
    expect(names()).to.deep.equal(['taken', 'before', 'after']);
  });

  it('fails the rest of a group at once when two in a row failed for the database itself', async () => {
    const outage = new ReplytoError('STORE_UNAVAILABLE');
    let tried = 0;
    const failing = (): Promise<never> =>
      commits.run(() => {
        tried += 1;
        throw outage;
      });
    const outcomes = await Promise.allSettled([
      insert('a'),
      failing(),
      insert('b'),
      failing(),
      failing(),
      insert('c'),
    ]);
    expect(outcomes.map(({ status }) => status)).to.deep.equal([
      ...['fulfilled', 'rejected', 'fulfilled', 'rejected', 'rejected', 'rejected'],
    ]);
    expect(outcomes[5]).to.have.property('reason', outage);
    expect(names()).to.deep.equal(['a', 'b']);
    // Once with all the others, and then each by itself.
    expect(tried).to.equal(4);
    expect(await insert('d')).to.equal(3);
  });

  it('takes back what a failing operation had written before it failed', async () => {
    const failing = commits.run((tx) => {
      tx.run('INSERT INTO kept (name) VALUES (?)', ['half']);
      throw new Error('second thoughts');
    });
    const [error] = await Promise.all([rejectionOf(failing), insert('neighbour')]);
    expect(error).to.have.property('message', 'second thoughts');
    expect(names()).to.deep.equal(['neighbour']);
  });

  it('resolves nobody when the commit fails, and goes on with the next', async () => {
    commitError = new Error('disk full');
    const failed = await Promise.allSettled([insert('a'), insert('b')]);
    expect(failed.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    expect(names()).to.deep.equal([]);
    commitError = undefined;
    await insert('c');
    expect(names()).to.deep.equal(['c']);
  });

  it('resolves only after the commit', async () => {
    let resolved = false;
    const inserted = insert('a').then(() => (resolved = true));
    const observed: boolean[] = [];
    await Promise.all([inserted, commits.run(() => void observed.push(resolved))]);
    expect(observed).to.deep.equal([false]);
    expect(resolved).to.equal(true);
  });

  it('takes operations that arrive while a group commits into the next one', async () => {
    const outer = await commits.run((tx) => {
      const inner = commits.run(() => names());
      tx.run('INSERT INTO kept (name) VALUES (?)', ['outer']);
      return { inner };
    });
    expect(await outer.inner).to.deep.equal(['outer']);
    expect(commits.transactions).to.equal(2);
  });

  it('is idle only when everything that was asked has ended', async () => {
    let ended = 0;
    for (let number = 0; number < 10; number += 1) void insert(`name ${number}`).then(() => (ended += 1));
    await commits.idle();
    // The callers of the last commit hear of it in the same turn, after idle() in the queue of microtasks at worst.
    await Promise.resolve();
    expect(ended).to.equal(10);
    expect(names()).to.have.length(10);
  });
});
