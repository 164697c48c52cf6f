import { join } from 'node:path';
import { expect } from 'chai';
import { ReplytoError } from '#core/errors.js';
import { silentLogger } from '#core/ports/logger.js';
import { completeLimits } from '#adapters/broker/limits.js';
import { createMessageLog } from '#adapters/broker/message-log.js';
import type { RunningBroker } from '#adapters/broker/running-broker.js';
import { createRunningBroker } from '#adapters/broker/running-broker.js';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { createSession } from '#adapters/stomp-server/session.js';
import type { ManualClock } from '../../../support/manual-clock.js';
import { createManualClock } from '../../../support/manual-clock.js';
import type { MemoryTransport } from '../../../support/memory-transport.js';
import { createMemoryTransport } from '../../../support/memory-transport.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { until } from '../../../support/until.js';

describe('the embedded broker with a failing store', () => {
  let database: Database;
  let broker: RunningBroker;
  let clock: ManualClock;
  /** Statements that fail now. */
  let failing: RegExp | undefined;

  afterEach(() => database.close());
  const folder = temporaryFolder();

  function fail(sql: string): void {
    if (failing?.test(sql) === true)
      throw new ReplytoError('STORE_UNAVAILABLE', { detail: 'disk I/O error' });
  }

  beforeEach(() => {
    database = openDatabase({ path: join(folder(), 'broker.db') });
    clock = createManualClock();
    failing = undefined;
    const log = createMessageLog({
      ...database,
      run: (sql, values) => {
        fail(sql);
        return database.run(sql, values);
      },
      all: (sql, values) => {
        fail(sql);
        return database.all(sql, values);
      },
    });
    broker = createRunningBroker({ log, limits: completeLimits({}), clock, logger: silentLogger });
  });

  function connect(): MemoryTransport {
    const transport = createMemoryTransport();
    createSession({
      id: String(Math.random()).slice(2),
      transport,
      server: 'test',
      limits: completeLimits(),
      clock,
      logger: silentLogger,
      accept: (session, frame) => broker.connect(session, frame),
      onClosed: () => undefined,
    });
    transport.receive('CONNECT\naccept-version:1.2\nclient-id:me\nhost:x\n\n\0');
    return transport;
  }

  const says = (transport: MemoryTransport, text: string | RegExp): Promise<unknown> =>
    until(
      () => (typeof text === 'string' ? transport.written.includes(text) : text.exec(transport.written)),
      {
        what: `${String(text)} in ${transport.written}`,
      },
    );

  async function subscribe(queue: string): Promise<MemoryTransport> {
    const transport = connect();
    transport.receive(
      `SUBSCRIBE\nid:s\ndestination:${queue}\nack:client-individual\nreceipt:subscribed\n\n\0`,
    );
    await says(transport, 'receipt-id:subscribed');
    return transport;
  }

  const send = (destination: string, receipt: string, body = 'x'): string =>
    `SEND\ndestination:${destination}\npersistent:true\nreceipt:${receipt}\n\n${body}\0`;

  it('refuses messages while the disk is full, delivers none of them, and takes them again when there is room', async () => {
    const consumer = await subscribe('/queue/a');
    const client = connect();
    const [pages] = database.all('PRAGMA page_count');
    database.exec(`PRAGMA max_page_count=${Number(pages?.['page_count'])}`);
    client.receive(send('/queue/a', '1', 'full'.repeat(20_000)));
    await says(client, /ERROR\n[^]*message:not stored\n[^]*receipt-id:1\n[^]*try again later[^]*full/u);
    expect(broker.statistics()).to.deep.include({ storedBytes: 0, memoryBytes: 0 });
    expect(consumer.written).not.to.include('MESSAGE');
    expect(client.closed).to.equal(false);

    client.receive('SEND\ndestination:/queue/a\nreceipt:2\n\nneeds no disk\0');
    await says(client, 'receipt-id:2');
    await says(consumer, 'needs no disk');
    database.exec('PRAGMA max_page_count=1000000');
    client.receive(send('/queue/a', '3', 'room again'));
    await says(client, /RECEIPT\nreceipt-id:3/u);
    await says(consumer, 'room again');
  });

  it('does nothing of a transaction that cannot be committed', async () => {
    const consumer = await subscribe('/queue/a');
    consumer.receive(send('/queue/a', '1'));
    await says(consumer, 'MESSAGE');
    const ack = /ack:(.*)/u.exec(consumer.written)?.[1] ?? '';
    consumer.receive(`BEGIN\ntransaction:t\n\n\0ACK\ntransaction:t\nid:${ack}\n\n\0`);
    consumer.receive('SEND\ntransaction:t\ndestination:/queue/b\npersistent:true\n\nx\0');
    failing = /^INSERT/u;
    consumer.receive('COMMIT\ntransaction:t\nreceipt:2\n\n\0');
    await says(consumer, /ERROR\n[^]*receipt-id:2/u);
    expect(
      broker.statistics().queues.map(({ name, depth, inFlight }) => [name, depth, inFlight]),
    ).to.deep.equal([['a', 0, 1]]);
    failing = undefined;
    consumer.receive(`ACK\nid:${ack}\nreceipt:3\n\n\0`);
    await says(consumer, /RECEIPT\nreceipt-id:3/u);
    expect(broker.statistics()).to.deep.include({ storedBytes: 0, memoryBytes: 0 });
  });

  it('owes the disk an acknowledgement it would not take, says so, and pays later', async () => {
    const consumer = await subscribe('/queue/a');
    consumer.receive(send('/queue/a', '1'));
    await says(consumer, 'MESSAGE');
    failing = /^DELETE/u;
    const ack = /ack:(.*)/u.exec(consumer.written)?.[1] ?? '';
    consumer.receive(`ACK\nid:${ack}\nreceipt:2\n\n\0`);
    await says(
      consumer,
      /ERROR\nmessage:acknowledgement not on disk yet|ERROR\n[^]*acknowledgement not on disk yet[^]*receipt-id:2/u,
    );
    const stored = (): unknown => database.all('SELECT count(*) AS count FROM message')[0]?.['count'];
    expect(stored()).to.equal(1);
    clock.advance(1_000);
    await until(() => clock.pending > 0, { what: 'another attempt' });
    failing = undefined;
    clock.advance(1_000);
    await until(() => stored() === 0, { what: 'the removal' });
    expect(consumer.written.match(/MESSAGE/gu)).to.have.length(1);
  });

  it('keeps a rejected message in its queue when the dead letter cannot be stored', async () => {
    const consumer = await subscribe('/queue/a');
    consumer.receive(send('/queue/a', '1'));
    for (let times = 1; times <= 7; times += 1) {
      await until(() => (consumer.written.match(/MESSAGE/gu) ?? []).length === times, {
        what: `delivery ${times}`,
      });
      failing = times === 6 ? /^INSERT/u : undefined;
      const ack = [...consumer.written.matchAll(/ack:(.*)/gu)].pop()?.[1] ?? '';
      consumer.receive(`NACK\nid:${ack}\nreceipt:n${times}\n\n\0`);
      await says(
        consumer,
        new RegExp(`${times === 6 ? 'ERROR' : 'RECEIPT'}\\n[^]*receipt-id:n${times}\\n`, 'u'),
      );
    }
    const figures = broker.statistics().queues.map(({ name, depth }) => [name, depth]);
    expect(figures).to.deep.include(['DLQ.a', 1]);
  });

  it('refuses a durable subscription whose record it cannot store', async () => {
    const client = connect();
    failing = /^INSERT/u;
    const subscribe = 'SUBSCRIBE\nid:s\ndestination:/topic/t\nactivemq.subscriptionName:n\n';
    client.receive(`${subscribe}receipt:1\n\n\0`);
    await says(client, /ERROR\n[^]*receipt-id:1/u);
    expect(broker.statistics().durableSubscriptions).to.deep.equal([]);
    failing = undefined;
    client.receive(`${subscribe}receipt:2\n\n\0`);
    await says(client, /RECEIPT\nreceipt-id:2/u);
  });

  it('leaves nothing in it when messages come in the turn that ends their durable subscription', async () => {
    const client = connect();
    client.receive('SUBSCRIBE\nid:s\ndestination:/topic/t\nactivemq.subscriptionName:n\nreceipt:1\n\n\0');
    await says(client, 'receipt-id:1');
    client.receive(
      `${send('/topic/t', '2')}UNSUBSCRIBE\nid:s\nactivemq.subscriptionName:n\nreceipt:3\n\n\0${send('/topic/t', '4')}`,
    );
    await says(client, 'receipt-id:3');
    await says(client, 'receipt-id:4');
    expect(database.all('SELECT count(*) AS count FROM message')).to.deep.equal([{ count: 0 }]);
    expect(broker.statistics()).to.deep.include({ storedBytes: 0, memoryBytes: 0 });
  });

  it('waits with a delivery that it cannot read, and goes on', async () => {
    const client = connect();
    client.receive(send('/queue/a', '1', 'later'));
    await says(client, 'receipt-id:1');
    const first = await subscribe('/queue/a');
    await says(first, 'later');
    failing = /^SELECT position, head/u;
    const second = await subscribe('/queue/a');
    first.drop();
    expect(second.written).not.to.include('later');
    failing = undefined;
    clock.advance(1_000);
    await says(second, 'later');
  });
});
