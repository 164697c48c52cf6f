import { join } from 'node:path';
import { expect } from 'chai';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { until } from '../../../support/until.js';
import type { MemoryBroker } from './memory-broker.js';
import { createMemoryBroker, says, sendFrame } from './memory-broker.js';

describe('the embedded broker with a failing store', () => {
  let memory: MemoryBroker;

  afterEach(() => memory.database.close());
  const folder = temporaryFolder();
  beforeEach(() => {
    memory = createMemoryBroker({ path: join(folder(), 'broker.db') });
  });

  it('refuses messages while the disk is full, delivers none of them, and takes them again when there is room', async () => {
    const consumer = await memory.subscriber('/queue/a');
    const client = memory.connect();
    const [pages] = memory.database.all('PRAGMA page_count');
    memory.database.exec(`PRAGMA max_page_count=${Number(pages?.['page_count'])}`);
    client.receive(sendFrame('/queue/a', '1', 'full'.repeat(20_000)));
    await says(client, /ERROR\n[^]*message:not stored\n[^]*receipt-id:1\n[^]*try again later[^]*full/u);
    expect(memory.broker.statistics()).to.deep.include({ storedBytes: 0, memoryBytes: 0 });
    expect(consumer.written).not.to.include('MESSAGE');
    expect(client.closed).to.equal(false);

    client.receive('SEND\ndestination:/queue/a\nreceipt:2\n\nneeds no disk\0');
    await says(client, 'receipt-id:2');
    await says(consumer, 'needs no disk');
    memory.database.exec('PRAGMA max_page_count=1000000');
    client.receive(sendFrame('/queue/a', '3', 'room again'));
    await says(client, /RECEIPT\nreceipt-id:3/u);
    await says(consumer, 'room again');
  });

  it('does nothing of a transaction that cannot be committed', async () => {
    const consumer = await memory.subscriber('/queue/a');
    consumer.receive(sendFrame('/queue/a', '1'));
    await says(consumer, 'MESSAGE');
    const ack = /ack:(.*)/u.exec(consumer.written)?.[1] ?? '';
    consumer.receive(`BEGIN\ntransaction:t\n\n\0ACK\ntransaction:t\nid:${ack}\n\n\0`);
    consumer.receive('SEND\ntransaction:t\ndestination:/queue/b\npersistent:true\n\nx\0');
    memory.fail(/^INSERT/u);
    consumer.receive('COMMIT\ntransaction:t\nreceipt:2\n\n\0');
    await says(consumer, /ERROR\n[^]*receipt-id:2/u);
    expect(
      memory.broker.statistics().queues.map(({ name, depth, inFlight }) => [name, depth, inFlight]),
    ).to.deep.equal([['a', 0, 1]]);
    memory.fail();
    consumer.receive(`ACK\nid:${ack}\nreceipt:3\n\n\0`);
    await says(consumer, /RECEIPT\nreceipt-id:3/u);
    expect(memory.broker.statistics()).to.deep.include({ storedBytes: 0, memoryBytes: 0 });
  });

  it('refuses what needs a new block of places while it cannot reserve one, and serves on', async () => {
    const client = memory.connect();
    const consumer = await memory.subscriber('/queue/a');
    memory.fail(/reserved/u);
    client.receive(sendFrame('/queue/a', '1'));
    client.receive('BEGIN\ntransaction:t\n\n\0SEND\ntransaction:t\ndestination:/topic/t\n\nx\0');
    client.receive('COMMIT\ntransaction:t\nreceipt:2\n\n\0');
    await says(client, /ERROR\n[^]*message:not stored\n[^]*receipt-id:1\n/u);
    await says(client, /ERROR\n[^]*message:not stored\n[^]*receipt-id:2\n/u);
    expect(client.closed).to.equal(false);
    memory.fail();
    client.receive(sendFrame('/queue/a', '3', 'works again'));
    await says(client, 'RECEIPT\nreceipt-id:3');
    await says(consumer, 'works again');
    expect(consumer.written.match(/MESSAGE/gu)).to.have.length(1);
  });

  it('owes the disk an acknowledgement it would not take, says so, and pays later', async () => {
    const consumer = await memory.subscriber('/queue/a');
    consumer.receive(sendFrame('/queue/a', '1'));
    await says(consumer, 'MESSAGE');
    let attempts = 0;
    memory.fail((sql) => {
      attempts += Number(sql.startsWith('DELETE'));
      return sql.startsWith('DELETE');
    });
    const ack = /ack:(.*)/u.exec(consumer.written)?.[1] ?? '';
    consumer.receive(`ACK\nid:${ack}\nreceipt:2\n\n\0`);
    await says(
      consumer,
      /ERROR\nmessage:acknowledgement not on disk yet|ERROR\n[^]*acknowledgement not on disk yet[^]*receipt-id:2/u,
    );
    const stored = (): unknown => memory.database.all('SELECT count(*) AS count FROM message')[0]?.['count'];
    expect(stored()).to.equal(1);
    memory.clock.advance(1_000);
    await until(() => attempts === 2, { what: 'another attempt' });
    await memory.settle();
    memory.fail();
    memory.clock.advance(1_000);
    await until(() => stored() === 0, { what: 'the removal' });
    expect(consumer.written.match(/MESSAGE/gu)).to.have.length(1);
  });

  it('keeps a rejected message in its queue when the dead letter cannot be stored', async () => {
    const consumer = await memory.subscriber('/queue/a');
    consumer.receive(sendFrame('/queue/a', '1'));
    for (let times = 1; times <= 7; times += 1) {
      await until(() => (consumer.written.match(/MESSAGE/gu) ?? []).length === times, {
        what: `delivery ${times}`,
      });
      memory.fail(times === 6 ? /^INSERT/u : undefined);
      const ack = [...consumer.written.matchAll(/ack:(.*)/gu)].pop()?.[1] ?? '';
      consumer.receive(`NACK\nid:${ack}\nreceipt:n${times}\n\n\0`);
      await says(
        consumer,
        new RegExp(`${times === 6 ? 'ERROR' : 'RECEIPT'}\\n[^]*receipt-id:n${times}\\n`, 'u'),
      );
    }
    const figures = memory.broker.statistics().queues.map(({ name, depth }) => [name, depth]);
    expect(figures).to.deep.include(['DLQ.a', 1]);
  });

  it('waits with a delivery that it cannot read, and goes on', async () => {
    const client = memory.connect();
    client.receive(sendFrame('/queue/a', '1', 'later'));
    await says(client, 'receipt-id:1');
    const first = await memory.subscriber('/queue/a');
    await says(first, 'later');
    memory.fail(/^SELECT position, head/u);
    const second = await memory.subscriber('/queue/a');
    first.drop();
    expect(second.written).not.to.include('later');
    memory.fail();
    memory.clock.advance(1_000);
    await says(second, 'later');
  });
});
