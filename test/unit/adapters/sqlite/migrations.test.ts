import { join } from 'node:path';
import { expect } from 'chai';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { migrate } from '#adapters/sqlite/migrations.js';
import { thrownBy } from '../../../support/errors.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const first = {
  name: 'first',
  sql: "CREATE TABLE kept (id TEXT); INSERT INTO kept VALUES ('from the first')",
};
const second = { name: 'second', sql: "ALTER TABLE kept ADD COLUMN extra TEXT DEFAULT 'from the second'" };
const broken = { name: 'broken', sql: 'CREATE TABLE half (id TEXT); INSERT INTO missing VALUES (1)' };

describe('migrations of a SQLite file', () => {
  const folder = temporaryFolder();
  let database: Database;
  const open = (): Database => openDatabase({ path: join(folder(), 'test.db') });
  const tables = (): unknown[] =>
    database.all("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => name);

  beforeEach(() => {
    database = open();
  });

  afterEach(() => database.close());

  it('are all applied to a new file, in their order', () => {
    migrate(database, [first, second]);
    expect(database.all('SELECT * FROM kept')).to.deep.equal([
      { id: 'from the first', extra: 'from the second' },
    ]);
  });

  it('are applied once, also when the file is opened again', () => {
    migrate(database, [first]);
    database.close();
    database = open();
    migrate(database, [first]);
    expect(database.all('SELECT * FROM kept')).to.have.length(1);
  });

  it('bring an older file up to date without repeating what it has', () => {
    migrate(database, [first]);
    database.run('INSERT INTO kept VALUES (?)', ['mine']);
    migrate(database, [first, second]);
    expect(database.all('SELECT id, extra FROM kept')).to.deep.equal([
      { id: 'from the first', extra: 'from the second' },
      { id: 'mine', extra: 'from the second' },
    ]);
  });

  it('change nothing when one of them fails, and can be tried again', () => {
    expect(thrownBy(() => migrate(database, [first, broken])).code).to.equal('STORE_UNAVAILABLE');
    expect(tables()).to.deep.equal([]);
    migrate(database, [first, second]);
    expect(tables()).to.deep.equal(['kept']);
  });

  it('say that the disk is full, change nothing then, and can be tried again', () => {
    const large = { name: 'large', sql: 'INSERT INTO kept (id) VALUES (zeroblob(100000))' };
    migrate(database, [first]);
    database.exec('PRAGMA max_page_count=1');
    const error = thrownBy(() => migrate(database, [first, second, large]));
    expect(error.code).to.equal('STORE_UNAVAILABLE');
    expect(error.message).to.match(/database or disk is full$/u);
    expect(database.all('SELECT * FROM kept')).to.deep.equal([{ id: 'from the first' }]);
    database.exec('PRAGMA max_page_count=1000000');
    migrate(database, [first, second, large]);
    expect(database.all('SELECT extra FROM kept')).to.have.length(2);
  });

  it('refuse the file of a newer version with STORE_NEWER and leave it as it is', () => {
    migrate(database, [first, second]);
    const error = thrownBy(() => migrate(database, [first]));
    expect(error.code).to.equal('STORE_NEWER');
    expect(error.message).to.include('schema 2').and.include('knows 1');
    expect(database.all('PRAGMA user_version')).to.deep.equal([{ user_version: 2 }]);
    expect(database.all('SELECT extra FROM kept')).to.have.length(1);
  });
});
