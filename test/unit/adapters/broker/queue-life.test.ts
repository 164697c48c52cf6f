import { expect } from 'chai';
import { silentLogger } from '#core/ports/logger.js';
import { createBudget } from '#adapters/broker/budget.js';
import { parseDestination } from '#adapters/broker/destinations.js';
import { completeLimits } from '#adapters/broker/limits.js';
import { createMessageLog } from '#adapters/broker/message-log.js';
import { createQueues } from '#adapters/broker/queues.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { MemoryTransport } from '../../../support/memory-transport.js';
import type { MemoryBroker } from './memory-broker.js';
import { createMemoryBroker } from './memory-broker.js';

const subscribe = (id: string, queue: string, ack = 'client-individual'): string =>
  `SUBSCRIBE\nid:${id}\ndestination:${queue}\nack:${ack}\nreceipt:subscribed-${id}\n\n\0`;
const unsubscribe = (id: string): string => `UNSUBSCRIBE\nid:${id}\n\n\0`;
const send = (destination: string, body: string, persistent = true): string =>
  `SEND\ndestination:${destination}\npersistent:${persistent}\nreceipt:sent-${body}\n\n${body}\0`;
const ackOf = ({ written }: MemoryTransport): string =>
  [...written.matchAll(/\nack:(.*)/gu)].pop()?.[1] ?? '';
const bodiesOf = ({ written }: MemoryTransport): string[] =>
  [...written.matchAll(/MESSAGE\n[^]*?\n\n(.*?)\0/gu)].map(([, body = '']) => body);

describe('a queue of the embedded broker', () => {
  let memory: MemoryBroker;

  beforeEach(() => {
    memory = createMemoryBroker({ limits: { queues: 3, durableSubscriptions: 1 } });
  });
  afterEach(() => memory.database.close());

  const names = (): string[] => memory.broker.statistics().queues.map(({ name }) => name);

  async function clientSaying(...frames: string[]): Promise<MemoryTransport> {
    const client = memory.connect();
    for (const frame of frames) client.receive(frame);
    await memory.settle();
    return client;
  }

  describe('whose last consumer leaves', () => {
    const departures: [string, (client: MemoryTransport) => void][] = [
      ['by UNSUBSCRIBE', (client) => client.receive(unsubscribe('old'))],
      ['with its connection', (client) => client.drop()],
    ];
    for (const [how, leave] of departures) {
      it(`${how} gives its messages to one that subscribed in the same turn, before or after`, async () => {
        for (const order of ['before', 'after']) {
          const old = await clientSaying(subscribe('old', '/queue/a'));
          const next = memory.connect();
          if (order === 'before') next.receive(subscribe('new', '/queue/a'));
          leave(old);
          if (order === 'after') next.receive(subscribe('new', '/queue/a'));
          await clientSaying(send('/queue/a', order));
          expect(bodiesOf(next)).to.deep.equal([order]);
          expect(memory.broker.statistics().queues).to.deep.equal([
            { name: 'a', depth: 0, consumers: 1, inFlight: 1 },
          ]);
          next.receive(`ACK\nid:${ackOf(next)}\n\n\0`);
          next.drop();
          await memory.settle();
          expect(names()).to.deep.equal([]);
        }
      });
    }

    it('gives its messages to another subscription of the same connection', async () => {
      const client = await clientSaying(subscribe('old', '/queue/a'));
      client.receive(subscribe('new', '/queue/a') + unsubscribe('old'));
      await clientSaying(send('/queue/a', 'x'));
      expect(bodiesOf(client)).to.deep.equal(['x']);
    });

    it('is forgotten when the consumer that came in the same turn left in it too', async () => {
      await clientSaying(subscribe('s', '/queue/a') + unsubscribe('s'));
      expect(names()).to.deep.equal([]);
    });
  });

  describe('over the limit of queues', () => {
    const errors = ({ written }: MemoryTransport): number => written.match(/ERROR/gu)?.length ?? 0;

    it("is made all the same when it is one of the broker's owner", async () => {
      await clientSaying(send('/queue/a', '1'), send('/queue/b', '2'), send('/queue/c', '3'));
      const client = await clientSaying(subscribe('s', '/queue/owner', 'auto'), send('/queue/owner', '4'));
      expect(bodiesOf(client)).to.deep.equal(['4']);
      expect(errors(client)).to.equal(0);
    });

    it('is refused with an ERROR that names the limit, for SEND and SUBSCRIBE, and the connection serves on', async () => {
      const client = await clientSaying(
        send('/queue/a', '1'),
        send('/queue/b', '2', false),
        subscribe('s', '/queue/c'),
      );
      client.receive(send('/queue/d', '3'));
      await memory.settle();
      expect(client.written).to.match(
        /ERROR\n[^]*message:too many queues\n[^]*receipt-id:sent-3\n[^]*may be 3[^]*limit/u,
      );
      client.receive(subscribe('t', '/queue/d'));
      await memory.settle();
      expect(client.written).to.match(/ERROR\n[^]*message:too many queues\n[^]*receipt-id:subscribed-t\n/u);
      expect(names()).to.have.members(['a', 'b', 'c']);

      client.receive(send('/queue/a', '4') + send('/queue/c', '5') + send('/topic/d', '6'));
      client.receive(unsubscribe('s'));
      client.receive(subscribe('u', '/queue/b', 'auto') + unsubscribe('u'));
      await memory.settle();
      expect(errors(client)).to.equal(2);
      expect(client.closed).to.equal(false);
      expect(memory.broker.statistics().storedBytes).to.be.above(0);
    });

    it('is made when another one has become empty and is left alone', async () => {
      const client = await clientSaying(send('/queue/a', '1'), send('/queue/b', '2'), send('/queue/c', '3'));
      client.receive(subscribe('s', '/queue/a', 'auto'));
      await memory.settle();
      client.receive(send('/queue/d', '4'));
      await memory.settle();
      expect(errors(client)).to.equal(1);
      client.receive(unsubscribe('s') + send('/queue/d', '5'));
      await memory.settle();
      expect(errors(client)).to.equal(1);
      expect(names()).to.have.members(['b', 'c', 'd']);
    });

    it('is refused also when all come in one turn, alone or in a transaction, which then does nothing', async () => {
      const frames = ['a', 'b', 'c', 'd', 'e'].map((name) => send(`/queue/${name}`, name));
      const client = await clientSaying(frames.join(''));
      expect(errors(client)).to.equal(2);
      expect(names()).to.have.members(['a', 'b', 'c']);
      const stored = memory.broker.statistics().storedBytes;
      client.receive('BEGIN\ntransaction:t\n\n\0');
      for (const name of ['a', 'f']) {
        client.receive(`SEND\ntransaction:t\ndestination:/queue/${name}\npersistent:true\n\nx\0`);
      }
      client.receive('COMMIT\ntransaction:t\nreceipt:commit\n\n\0');
      await memory.settle();
      expect(client.written).to.match(/ERROR\n[^]*message:too many queues\n[^]*receipt-id:commit\n/u);
      expect(memory.broker.statistics().storedBytes).to.equal(stored);
    });

    it('takes no place for a message that could not be stored', async () => {
      memory.fail(/^INSERT/u);
      await clientSaying(...['a', 'b', 'c'].map((name) => send(`/queue/${name}`, name)));
      expect(names()).to.deep.equal([]);
      memory.fail();
      const client = await clientSaying(...['d', 'e', 'f'].map((name) => send(`/queue/${name}`, name)));
      expect(errors(client)).to.equal(0);
    });

    async function reject(destination: string): Promise<MemoryTransport> {
      const client = await clientSaying(subscribe('r', destination), send(destination, 'bad'));
      for (let times = 0; times < 6; times += 1) {
        client.receive(`NACK\nid:${ackOf(client)}\nreceipt:nack-${times}\n\n\0`);
        await memory.settle();
      }
      return client;
    }

    it('is made all the same for the dead letters of a queue', async () => {
      await clientSaying(send('/queue/a', '1'), send('/queue/b', '2'));
      await reject('/queue/c');
      expect(names()).to.have.members(['a', 'b', 'c', 'DLQ.c']);
    });

    it('is not made for the dead letters of a topic, whose message then stays with its subscriber', async () => {
      await clientSaying(send('/queue/a', '1'), send('/queue/b', '2'), send('/queue/c', '3'));
      const client = await reject('/topic/t');
      expect(client.written).to.match(/ERROR\n[^]*message:dead letter not stored\n[^]*receipt-id:nack-5\n/u);
      expect(bodiesOf(client)).to.have.length(7);
      expect(names()).to.have.members(['a', 'b', 'c']);
    });
  });

  describe('found in the store at the start', () => {
    beforeEach(async () => {
      await clientSaying(...['1', '2', '3'].map((body) => send('/queue/a', body)), send('/queue/b', '4'));
      memory.restart();
    });

    it('shows its figures and counts against the limit before anybody touches it', async () => {
      expect(memory.broker.statistics().queues).to.deep.equal([
        { name: 'a', depth: 3, consumers: 0, inFlight: 0 },
        { name: 'b', depth: 1, consumers: 0, inFlight: 0 },
      ]);
      const client = await clientSaying(send('/queue/c', '5'), send('/queue/d', '6'));
      expect(client.written).to.match(/ERROR\n[^]*message:too many queues\n[^]*receipt-id:sent-6\n/u);
    });

    it('takes no more than an entry in a list until somebody sends to it or subscribes', () => {
      const core = {
        log: createMessageLog(memory.database),
        limits: completeLimits(),
        freeQueues: new Set<string>(),
        memory: createBudget(1_000),
        storage: createBudget(1_000),
        clock: createManualClock(),
        logger: silentLogger,
        traffic: { sent: 0, delivered: 0 },
      };
      const queues = createQueues(core);
      expect([...queues.statistics()]).to.have.length(2);
      expect([...queues.inMemory()]).to.deep.equal([]);
      const lent = queues.bind(parseDestination('/queue/a'));
      expect([lent.queue.depth, [...queues.inMemory()].length]).to.deep.equal([3, 1]);
      lent.release();
      expect([...queues.statistics()].map(({ depth }) => depth)).to.have.members([3, 1]);
    });

    it('gives what it holds, and what is added, in order to whoever comes', async () => {
      await clientSaying(send('/queue/a', '5'));
      const client = await clientSaying(subscribe('s', '/queue/a', 'auto'));
      expect(bodiesOf(client)).to.deep.equal(['1', '2', '3', '5']);
      client.drop();
      await memory.settle();
      expect(names()).to.deep.equal(['b']);
    });
  });
});
