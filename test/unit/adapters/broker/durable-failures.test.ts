import { expect } from 'chai';
import { until } from '../../../support/until.js';
import type { MemoryBroker } from './memory-broker.js';
import { createMemoryBroker, says, sendFrame } from './memory-broker.js';

describe('a durable subscription of the embedded broker with a failing store', () => {
  let memory: MemoryBroker;

  beforeEach(() => {
    memory = createMemoryBroker({});
  });
  afterEach(() => memory.database.close());

  it('is refused while its record cannot be stored', async () => {
    const client = memory.connect();
    memory.fail(/^INSERT/u);
    const subscribe = 'SUBSCRIBE\nid:s\ndestination:/topic/t\nactivemq.subscriptionName:n\n';
    client.receive(`${subscribe}receipt:1\n\n\0`);
    await says(client, /ERROR\n[^]*receipt-id:1/u);
    expect(memory.broker.statistics().durableSubscriptions).to.deep.equal([]);
    memory.fail();
    client.receive(`${subscribe}receipt:2\n\n\0`);
    await says(client, /RECEIPT\nreceipt-id:2/u);
  });

  describe('that is taken up again before its record is on disk', () => {
    const subscribeDurable = (receipt: string): string =>
      `SUBSCRIBE\nid:s\ndestination:/topic/t\nactivemq.subscriptionName:n\nreceipt:${receipt}\n\n\0`;

    it('is refused to both when the record cannot be stored, and leaves nothing', async () => {
      const first = memory.connect();
      const second = memory.connect();
      memory.fail(/^INSERT INTO durable_subscription/u);
      first.receive(subscribeDurable('1'));
      first.drop();
      second.receive(subscribeDurable('2') + sendFrame('/topic/t', 'sent', 'for nobody'));
      await says(second, 'receipt-id:sent');
      await says(second, /ERROR\n[^]*message:not stored\n[^]*receipt-id:2\n/u);
      expect(second.written).not.to.include('RECEIPT\nreceipt-id:2\n');
      expect(memory.broker.statistics()).to.deep.include({ durableSubscriptions: [], storedBytes: 0 });
      await memory.settle();
      expect(memory.database.all('SELECT backlog FROM message')).to.deep.equal([]);

      memory.fail();
      second.receive(subscribeDurable('3') + sendFrame('/topic/t', 'again', 'for the second'));
      await says(second, 'RECEIPT\nreceipt-id:3\n');
      await says(second, 'for the second');
      expect(memory.broker.statistics().durableSubscriptions).to.have.length(1);
    });

    it('is not confirmed to the second before the record is on disk', async () => {
      const first = memory.connect();
      const second = memory.connect();
      let early = false;
      memory.fail((sql) => {
        early ||= sql.includes('durable_subscription') && second.written.includes('receipt-id:2');
        return false;
      });
      first.receive(subscribeDurable('1'));
      first.drop();
      second.receive(subscribeDurable('2'));
      await says(second, 'RECEIPT\nreceipt-id:2\n');
      expect(early).to.equal(false);
      expect(memory.database.all('SELECT name FROM durable_subscription')).to.deep.equal([{ name: 'n' }]);
      memory.connect().receive(sendFrame('/topic/t', 'x', 'news'));
      await says(second, 'news');
    });

    it('leaves nothing when it is deleted in the turn in which it could not be stored', async () => {
      const client = memory.connect();
      memory.fail(/durable_subscription/u);
      client.receive(
        `${subscribeDurable('1')}UNSUBSCRIBE\nid:s\nactivemq.subscriptionName:n\nreceipt:2\n\n\0`,
      );
      await says(client, /ERROR\n[^]*receipt-id:1\n/u);
      await says(client, /ERROR\n[^]*receipt-id:2\n/u);
      memory.fail();
      client.receive(sendFrame('/topic/t', '3', 'for nobody'));
      await says(client, 'receipt-id:3');
      expect(memory.broker.statistics()).to.deep.include({ durableSubscriptions: [], storedBytes: 0 });
    });
  });

  it('takes no other subscription along when it has ended before it could not be stored', async () => {
    const client = memory.connect();
    memory.fail(/durable_subscription/u);
    client.receive('SUBSCRIBE\nid:s\ndestination:/topic/t\nactivemq.subscriptionName:n\nreceipt:1\n\n\0');
    client.receive('UNSUBSCRIBE\nid:s\n\n\0SUBSCRIBE\nid:s\ndestination:/queue/a\nreceipt:2\n\n\0');
    await says(client, /ERROR\n[^]*receipt-id:1\n/u);
    client.receive(sendFrame('/queue/a', '3', 'for the other'));
    await says(client, /MESSAGE\nsubscription:s\n[^]*for the other/u);
  });

  it('gets what is sent while its removal fails', async () => {
    const client = memory.connect();
    client.receive('SUBSCRIBE\nid:s\ndestination:/topic/t\nactivemq.subscriptionName:n\nreceipt:1\n\n\0');
    await says(client, 'receipt-id:1');
    memory.fail(/^DELETE FROM durable/u);
    client.receive('UNSUBSCRIBE\nid:s\nactivemq.subscriptionName:n\nreceipt:2\n\n\0');
    memory.connect().receive(sendFrame('/topic/t', '3', 'news'));
    await says(client, /ERROR\n[^]*message:not stored\n[^]*receipt-id:2\n/u);
    memory.fail();
    client.receive('SUBSCRIBE\nid:s\ndestination:/topic/t\nactivemq.subscriptionName:n\n\n\0');
    await says(client, 'news');
  });

  it('leaves no bytes counted for a rejected message when it is deleted in the same turn', async () => {
    const client = memory.connect();
    client.receive('SUBSCRIBE\nid:s\ndestination:/topic/t\nack:client\nactivemq.subscriptionName:n\n\n\0');
    client.receive(sendFrame('/topic/t', '1', 'bad'));
    for (let times = 1; times <= 6; times += 1) {
      await until(() => client.written.split('\n\nbad\0').length - 1 === times, {
        what: `delivery ${times}`,
      });
      memory.fail(times === 6 ? /^INSERT/u : undefined);
      const ack = [...client.written.matchAll(/\nack:(.*)/gu)].pop()?.[1] ?? '';
      client.receive(`NACK\nid:${ack}\nreceipt:n${times}\n\n\0`);
    }
    client.receive('UNSUBSCRIBE\nid:s\nactivemq.subscriptionName:n\nreceipt:2\n\n\0');
    await says(client, 'RECEIPT\nreceipt-id:2\n');
    expect(client.written).to.match(/ERROR\n[^]*message:dead letter not stored\n[^]*receipt-id:n6\n/u);
    expect(memory.broker.statistics()).to.deep.include({ storedBytes: 0, memoryBytes: 0 });
  });

  it('leaves nothing in the store when messages come in the turn of its end', async () => {
    const client = memory.connect();
    client.receive('SUBSCRIBE\nid:s\ndestination:/topic/t\nactivemq.subscriptionName:n\nreceipt:1\n\n\0');
    await says(client, 'receipt-id:1');
    client.receive(
      `${sendFrame('/topic/t', '2')}UNSUBSCRIBE\nid:s\nactivemq.subscriptionName:n\nreceipt:3\n\n\0${sendFrame('/topic/t', '4')}`,
    );
    await says(client, 'receipt-id:3');
    await says(client, 'receipt-id:4');
    expect(memory.database.all('SELECT count(*) AS count FROM message')).to.deep.equal([{ count: 0 }]);
    expect(memory.broker.statistics()).to.deep.include({ storedBytes: 0, memoryBytes: 0 });
  });
});
