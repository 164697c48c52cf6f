import { join } from 'node:path';
import { expect } from 'chai';
import type { MessageLog } from '#adapters/broker/message-log.js';
import { createMessageLog, openMessageLog } from '#adapters/broker/message-log.js';
import type { Payload } from '#adapters/broker/stored-message.js';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { rejectionOf, thrownBy } from '../../../support/errors.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

const payload: Payload = { head: Buffer.from('a:1\n'), body: Buffer.from([0, 1, 255]) };

describe('the message log', () => {
  const open: Database[] = [];
  afterEach(() => {
    for (const database of open.splice(0)) database.close();
  });
  const folder = temporaryFolder();

  function openLog(path = ':memory:'): { log: MessageLog; database: Database } {
    const database = openDatabase({ path });
    open.push(database);
    return { log: createMessageLog(database), database };
  }

  const all = { after: 0, upTo: Number.MAX_SAFE_INTEGER, limit: 100 };

  async function add(log: MessageLog, backlog: string): Promise<number> {
    const position = log.nextPosition();
    await log.write((batch) => batch.add(backlog, { position, number: position, bytes: 263 }, payload));
    return position;
  }

  it('gives back payloads byte for byte', async () => {
    const { log } = openLog();
    const position = await add(log, 'queue/a');
    expect(log.load([position]).get(position)).to.deep.equal(payload);
  });

  it('moves a message to another backlog byte for byte, with lines put before its head', async () => {
    const { log } = openLog();
    const head = Buffer.from('ü:\\c€\nb:2\n');
    const position = log.nextPosition();
    await log.write((batch) =>
      batch.add('queue/a', { position, number: position, bytes: 300 }, { head, body: payload.body }),
    );
    await log.write((batch) => batch.countNacks(position, 5));
    const to = { backlog: 'queue/ü', position: log.nextPosition(), bytes: 310, headerLines: 'x:ß\n' };
    await log.write((batch) => batch.move(position, to));
    expect(log.page('queue/a', all)).to.deep.equal([]);
    expect(log.load([to.position]).get(to.position)).to.deep.equal({
      head: Buffer.concat([Buffer.from('x:ß\n'), head]),
      body: payload.body,
    });
    const [moved] = log.page('queue/ü', all);
    expect(moved).to.include({ number: position, bytes: 310, nacks: 0, redelivered: false });
  });

  it('commits what one turn brings in one transaction, and nothing when there is nothing to write', async () => {
    const { log } = openLog();
    await Promise.all([add(log, 'queue/a'), add(log, 'queue/b'), add(log, 'queue/a')]);
    expect(log.transactions).to.equal(1);
    await log.write(() => undefined);
    expect(log.transactions).to.equal(1);
  });

  it('lets one failing write fail alone', async () => {
    const { log } = openLog();
    const position = await add(log, 'queue/a');
    const [failed, good] = await Promise.all([
      rejectionOf(
        log.write((batch) => batch.add('queue/a', { position, number: position, bytes: 263 }, payload)),
      ),
      add(log, 'queue/b'),
    ]);
    expect(failed).to.have.property('code', 'STORE_UNAVAILABLE');
    expect(log.page('queue/b', all).map((message) => message.position)).to.deep.equal([good]);
  });

  it('finds after a clean end what it held, with what was delivered before', async () => {
    const path = join(folder(), 'broker.db');
    const first = openLog(path);
    const positions = [
      await add(first.log, 'queue/a'),
      await add(first.log, 'queue/a'),
      await add(first.log, 'queue/b'),
    ];
    await first.log.write((batch) => batch.countNacks(positions[0]!, 2));
    const [delivered] = first.log.page('queue/a', all);
    first.log.close([delivered!]);
    open.splice(0);

    const { log } = openLog(path);
    expect(log.brokerId).to.equal(first.log.brokerId);
    expect(log.recovered.backlogs).to.deep.equal([
      { backlog: 'queue/a', count: 2, bytes: 526, lastPosition: positions[1] },
      { backlog: 'queue/b', count: 1, bytes: 263, lastPosition: positions[2] },
    ]);
    const messages = log.page('queue/a', all);
    expect(messages.map(({ redelivered, nacks }) => [redelivered, nacks])).to.deep.equal([
      [true, 2],
      [false, 0],
    ]);
  });

  it('takes everything for delivered after an end that was not clean, and nothing that comes later', async () => {
    const database = openDatabase({ path: ':memory:' });
    open.push(database);
    const before = createMessageLog(database);
    await add(before, 'queue/a');
    const log = createMessageLog(database);
    await add(log, 'queue/a');
    expect(log.page('queue/a', all).map(({ redelivered }) => redelivered)).to.deep.equal([true, false]);
  });

  it('never gives a place out twice, however it ended', async () => {
    const database = openDatabase({ path: ':memory:' });
    open.push(database);
    const positions = new Set<number>();
    for (let starts = 0; starts < 3; starts += 1) {
      const log = createMessageLog(database);
      for (let count = 0; count < 10; count += 1) positions.add(log.nextPosition());
      const position = await add(log, 'queue/a');
      await log.write((batch) => batch.remove(position));
    }
    expect(positions.size).to.equal(30);
  });

  it('forgets what waits for a durable subscription together with it', async () => {
    const { log } = openLog();
    const record = { backlog: 'durable/me/mine', clientId: 'me', name: 'mine', topic: 'news' };
    await log.write((batch) => batch.addDurable(record));
    await add(log, record.backlog);
    await log.write((batch) => batch.removeDurable(record.backlog));
    expect(log.page(record.backlog, all)).to.deep.equal([]);
  });

  it('begins a durable subscription with nothing, whatever one of the same name left', async () => {
    const { log } = openLog();
    const record = { backlog: 'durable/me/mine', clientId: 'me', name: 'mine', topic: 'news' };
    await add(log, record.backlog);
    await log.write((batch) => batch.addDurable(record));
    expect(log.page(record.backlog, all)).to.deep.equal([]);
  });

  it('refuses the file of a newer version and leaves it free', () => {
    const path = join(folder(), 'broker.db');
    openMessageLog(path).close([]);
    const newer = openDatabase({ path });
    newer.exec('PRAGMA user_version=99');
    newer.close();
    for (let times = 0; times < 2; times += 1) {
      expect(thrownBy(() => openMessageLog(path)).code).to.equal('STORE_NEWER');
    }
  });

  it('drops at the start what belongs to a subscription that is gone', async () => {
    const { log, database } = openLog();
    await add(log, 'durable/me/mine');
    expect(createMessageLog(database).recovered.backlogs).to.deep.equal([]);
  });
});
