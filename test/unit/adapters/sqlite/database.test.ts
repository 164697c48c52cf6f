import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import Libsql from 'libsql';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { thrownBy } from '../../../support/errors.js';
import { processes } from '../../../support/process.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

describe('an opened SQLite file', () => {
  const folder = temporaryFolder();
  let database: Database;
  const path = (): string => join(folder(), 'test.db');

  beforeEach(() => {
    database = openDatabase({ path: path() });
    database.exec('CREATE TABLE kept (id INTEGER PRIMARY KEY, value)');
  });

  afterEach(() => database.close());

  function keptValue(value: Parameters<Database['run']>[1]): unknown {
    database.run('INSERT INTO kept (value) VALUES (?)', value);
    return database.all('SELECT value FROM kept ORDER BY id DESC LIMIT 1')[0]?.['value'];
  }

  it('keeps booleans as 1 and 0', () => {
    expect(keptValue([true])).to.equal(1);
    expect(keptValue([false])).to.equal(0);
  });

  it('keeps undefined and null as NULL', () => {
    expect(keptValue([undefined])).to.equal(null);
    expect(keptValue([null])).to.equal(null);
  });

  it('gives numbers back as numbers, up to the largest safe integer', () => {
    expect(keptValue([Number.MAX_SAFE_INTEGER])).to.equal(Number.MAX_SAFE_INTEGER);
    expect(keptValue([-1.5])).to.equal(-1.5);
    expect(keptValue([42n])).to.equal(42);
  });

  it('gives every text without NUL back as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!text.includes('\0'));
        expect(keptValue([text])).to.equal(text);
      }),
    );
  });

  it('gives bytes back as a Buffer, NUL bytes and the empty one included', () => {
    for (const bytes of [Buffer.from([1, 0, 2, 0, 0, 255]), Buffer.alloc(0), Buffer.alloc(1024 * 1024, 7)]) {
      const value = keptValue([bytes]);
      expect(Buffer.isBuffer(value)).to.equal(true);
      expect(bytes.equals(value as Buffer)).to.equal(true);
    }
  });

  it('binds exactly the bytes that a view shows, not those of its whole buffer', () => {
    const view = new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4);
    expect([...(keptValue([view]) as Buffer)]).to.deep.equal([1, 2, 3]);
  });

  it('refuses text with NUL, which would be cut there, and stores nothing', () => {
    const error = thrownBy(() => keptValue(['before\0after']));
    expect(error.code).to.equal('INTERNAL');
    expect(error.message).to.include('BLOB');
    expect(database.all('SELECT * FROM kept')).to.deep.equal([]);
  });

  it('says how many rows a statement changed and which id it gave', () => {
    expect(database.run('INSERT INTO kept (value) VALUES (1), (2)')).to.deep.equal({
      changes: 2,
      lastInsertRowid: 2,
    });
    expect(database.run('UPDATE kept SET value = 3').changes).to.equal(2);
    expect(database.run('DELETE FROM kept WHERE id = 77').changes).to.equal(0);
  });

  it('answers right when more different statements were used than it keeps prepared', () => {
    for (let round = 0; round < 2; round += 1) {
      for (let number = 0; number < 600; number += 1) {
        expect(database.all(`SELECT ${number} AS number`)).to.deep.equal([{ number }]);
      }
    }
  });

  it('prepares a statement once while it is in use, and keeps only some of those that are not', () => {
    const prepared: unknown[] = [];
    const own = Object.getOwnPropertyDescriptor(Libsql.prototype, 'prepare')!;
    const watched = new Proxy(own.value as (sql: string) => unknown, {
      apply(prepare, self, parameters: [sql: string]): unknown {
        prepared.push(parameters[0]);
        return Reflect.apply(prepare, self, parameters);
      },
    });
    Object.defineProperty(Libsql.prototype, 'prepare', { ...own, value: watched });
    try {
      const counting = 'SELECT count(*) FROM kept';
      for (let round = 0; round < 10; round += 1) database.all(counting);
      expect(prepared).to.deep.equal([counting]);
      for (let number = 0; number < 600; number += 1) database.all(`SELECT ${number}`);
      database.all(counting);
      expect(prepared.filter((sql) => sql === counting)).to.have.length(2);
    } finally {
      Object.defineProperty(Libsql.prototype, 'prepare', own);
    }
  });

  it('follows a schema change with statements that were prepared before it', () => {
    database.run('INSERT INTO kept (value) VALUES (?)', ['old']);
    expect(database.all('SELECT * FROM kept')).to.deep.equal([{ id: 1, value: 'old' }]);
    database.exec("ALTER TABLE kept ADD COLUMN added TEXT DEFAULT 'new'");
    expect(database.all('SELECT * FROM kept')).to.deep.equal([{ id: 1, value: 'old', added: 'new' }]);
  });

  it('turns a failing statement into STORE_UNAVAILABLE that names the file and keeps the cause', () => {
    const error = thrownBy(() => database.run('INSERT INTO missing VALUES (1)'));
    expect(error.code).to.equal('STORE_UNAVAILABLE');
    expect(error.message).to.include(path()).and.include('missing');
    expect(error.cause).to.be.instanceOf(Error);
  });

  it('commits a transaction when its work is done, and gives back what that returned', () => {
    const result = database.transaction(() => {
      database.run('INSERT INTO kept (value) VALUES (1)');
      return database.run('INSERT INTO kept (value) VALUES (2)').lastInsertRowid;
    });
    expect(result).to.equal(2);
    database.close();
    database = openDatabase({ path: path() });
    expect(database.all('SELECT value FROM kept')).to.deep.equal([{ value: 1 }, { value: 2 }]);
  });

  it('takes back a transaction whose work throws, and throws the same', () => {
    const failure = new Error('second thoughts');
    const work = (): never => {
      database.run('INSERT INTO kept (value) VALUES (1)');
      throw failure;
    };
    expect(() => database.transaction(work)).to.throw(failure);
    expect(database.all('SELECT * FROM kept')).to.deep.equal([]);
    database.transaction(() => database.run('INSERT INTO kept (value) VALUES (2)'));
    expect(database.all('SELECT value FROM kept')).to.deep.equal([{ value: 2 }]);
  });

  it('says that the disk is full when SQLite has taken the transaction back by itself', () => {
    database.exec('PRAGMA max_page_count=1');
    const error = thrownBy(() =>
      database.transaction(() => {
        database.run('INSERT INTO kept (value) VALUES (1)');
        database.run('INSERT INTO kept (value) VALUES (?)', [Buffer.alloc(100_000)]);
      }),
    );
    expect(error.code).to.equal('STORE_UNAVAILABLE');
    expect(error.message).to.equal(`${path()}: database or disk is full`);
    database.exec('PRAGMA max_page_count=1000000');
    expect(database.all('SELECT * FROM kept')).to.deep.equal([]);
    expect(database.transaction(() => keptValue([1]))).to.equal(1);
  });

  it('enforces foreign keys', () => {
    database.exec('CREATE TABLE child (parent INTEGER NOT NULL REFERENCES kept (id))');
    expect(thrownBy(() => database.run('INSERT INTO child VALUES (1)')).code).to.equal('STORE_UNAVAILABLE');
  });

  it('has what was committed after it was closed and opened again', () => {
    keptValue(['durable']);
    database.close();
    database = openDatabase({ path: path() });
    expect(database.all('SELECT value FROM kept')).to.deep.equal([{ value: 'durable' }]);
  });

  it('syncs its write-ahead log at every commit', () => {
    expect(database.all('PRAGMA journal_mode')).to.deep.equal([{ journal_mode: 'wal' }]);
    expect(database.all('PRAGMA synchronous')).to.deep.equal([{ synchronous: 2 }]);
    expect(existsSync(`${path()}-wal`)).to.equal(true);
  });
});

describe('opening a SQLite file', () => {
  const folder = temporaryFolder();
  const { startSource } = processes();
  const path = (): string => join(folder(), 'test.db');

  it('fails with STORE_LOCKED while another process has it, and works when that one was killed', async () => {
    const holder = startSource('test/support/programs/hold-database.ts', [path()]);
    await holder.line(/holding the database/u);
    const error = thrownBy(() => openDatabase({ path: path() }));
    expect(error.code).to.equal('STORE_LOCKED');
    expect(error.message).to.include(path()).and.include('another process');

    holder.kill('SIGKILL');
    await holder.exited;
    openDatabase({ path: path() }).close();
  });

  it('fails with STORE_CORRUPT when the file is no database, and leaves it as it is', () => {
    writeFileSync(path(), 'this is a letter, and by no means a database. '.repeat(200));
    const error = thrownBy(() => openDatabase({ path: path() }));
    expect(error.code).to.equal('STORE_CORRUPT');
    expect(error.message).to.include(path());
    expect(readFileSync(path(), 'utf8')).to.match(/^this is a letter/u);
  });

  it('fails with STORE_CORRUPT when pages in the middle are damaged', () => {
    const written = openDatabase({ path: path() });
    written.exec('CREATE TABLE kept (id INTEGER PRIMARY KEY, value); CREATE INDEX by_value ON kept (value)');
    for (let id = 0; id < 2_000; id += 1) written.run('INSERT INTO kept (value) VALUES (?)', [`value ${id}`]);
    written.close();
    const bytes = readFileSync(path());
    bytes.fill(0xff, 4096 * 3, bytes.length - 4096 * 3);
    writeFileSync(path(), bytes);
    expect(thrownBy(() => openDatabase({ path: path() })).code).to.equal('STORE_CORRUPT');
  });

  it('fails with STORE_UNAVAILABLE when the folder does not exist', () => {
    const nowhere = join(folder(), 'nowhere', 'test.db');
    expect(thrownBy(() => openDatabase({ path: nowhere })).code).to.equal('STORE_UNAVAILABLE');
  });

  it('leaves no lock behind when it fails', () => {
    writeFileSync(path(), 'no database. '.repeat(500));
    thrownBy(() => openDatabase({ path: path() }));
    writeFileSync(path(), '');
    openDatabase({ path: path() }).close();
  });
});
