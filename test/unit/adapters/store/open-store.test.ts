import { randomUUID } from 'node:crypto';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Store, StoreOptions } from '#adapters/store/store.js';
import { openStore } from '#adapters/store/open-store.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { thrownBy } from '../../../support/errors.js';
import { createManualClock } from '#testing/manual-clock.js';
import { newReply, newRequest } from '../../../support/requests.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { happens } from '../../../support/happens.js';

describe('opening a store on SQLite', () => {
  const folder = temporaryFolder();
  const clock = createManualClock(1_700_000_000_000);
  let opened: Store[] = [];

  afterEach(async () => {
    for (const store of opened) await store.close();
    opened = [];
  });

  function open(path: string, options: Partial<StoreOptions> = {}): Store {
    const store = openStore({ path, clock, newId: randomUUID, ...options });
    opened.push(store);
    return store;
  }

  it('makes the folder that is missing', async () => {
    const store = open(join(folder(), 'a', 'b', 'replyto.db'));
    await store.check();
  });

  it('fails with STORE_UNAVAILABLE where no folder can be made', () => {
    writeFileSync(join(folder(), 'file'), '');
    const error = thrownBy(() => open(join(folder(), 'file', 'replyto.db')));
    expect(error.code).to.equal('STORE_UNAVAILABLE');
    expect(error.message).to.match(/^cannot make the folder /u);
  });

  happens(
    'Surroundings',
    'the file of the store is no database',
    'STORE_CORRUPT; the file stays as it is',
    () => {
      const path = join(folder(), 'replyto.db');
      writeFileSync(path, 'this is no database, whatever its name says; really not '.repeat(20));
      expect(thrownBy(() => open(path)).code).to.equal('STORE_CORRUPT');
    },
  );

  happens(
    'Surroundings',
    'the store was written by a newer version',
    'STORE_NEWER; the file is let go',
    () => {
      const path = join(folder(), 'replyto.db');
      const database = openDatabase({ path });
      database.exec('PRAGMA user_version=1000');
      database.close();
      for (let turn = 0; turn < 2; turn += 1) expect(thrownBy(() => open(path)).code).to.equal('STORE_NEWER');
    },
  );

  it('lets go of its file when it is closed, though nothing was ever asked of it', async () => {
    const path = join(folder(), 'replyto.db');
    for (let turn = 0; turn < 3; turn += 1) await open(path).close();
  });

  it('keeps ended requests for seven days unless told otherwise', async () => {
    for (const [options, days] of [
      [{}, 7],
      [{ retentionMs: 86_400_000 }, 1],
    ] as const) {
      const { requests } = open(':memory:', options);
      const request = newRequest();
      await requests.accept(request, { owner: null, leaseMs: 1 });
      await requests.settle(newReply(request.id));
      clock.advance(days * 86_400_000 - 1);
      expect(await requests.sweep(1)).to.equal(0);
      clock.advance(1);
      expect(await requests.sweep(1)).to.equal(1);
    }
  });

  it('writes to its file at every check, always the same pages of it', async () => {
    const path = join(folder(), 'replyto.db');
    const first = open(path);
    await first.check();
    await first.close();
    const { size } = statSync(path);
    const store = open(path);
    const written = (): number => statSync(`${path}-wal`).size;
    for (let turn = 0; turn < 3; turn += 1) {
      const before = written();
      clock.advance(1_000);
      await store.check();
      expect(written() - before).to.be.at.least(32 * 1024);
    }
    await store.close();
    expect(statSync(path).size).to.equal(size);
  });

  it('gives each store in memory an identity of its own', () => {
    expect(open(':memory:').id).to.not.equal(open(':memory:').id);
  });

  it('tells from a damaged store that its identity is gone', async () => {
    const path = join(folder(), 'replyto.db');
    await open(path).close();
    const database = openDatabase({ path });
    database.exec("UPDATE meta SET value = 'text' WHERE key = 'id'");
    database.close();
    expect(thrownBy(() => open(path)).code).to.equal('STORE_CORRUPT');
  });
});
