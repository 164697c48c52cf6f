/** What becomes of sends when the broker answers that it has no room. */
import { expect } from 'chai';
import type { StompBroker } from '#adapters/stomp/broker.js';
import { queue } from '#core/destination.js';
import { failureOf } from '../../../support/errors.js';
import type { FakeStompConnection } from '../../../support/fake-stomp-server.js';
import { happens } from '../../../support/happens.js';
import { newMessage } from '../../../support/messages.js';
import { until } from '../../../support/until.js';
import { stompBench } from './stomp-bench.js';

const codesOf = async (broker: StompBroker, names: readonly string[]): Promise<string[]> => {
  const failing = names.map((name) => failureOf(broker.channel.send(queue(name), newMessage())));
  return (await Promise.all(failing)).map(({ code }) => code);
};

describe('an Artemis without room', () => {
  const bench = stompBench({ name: 'ActiveMQ-Artemis/2.44.0' });
  const disk =
    'AMQ229119: Free storage space is at 83.9GB of 270.6GB total. Usage rate is 69.0% which is beyond the configured <max-disk-usage>. System will start blocking producers.';

  /** Refuses as it does: without a name, and then it closes. */
  function refuse(isFull: (name: string) => boolean, message: string, nth = 1): void {
    const ended = new Set<FakeStompConnection>();
    bench.server.rule((frame, at) => {
      if (frame.command !== 'SEND') return 'default';
      if (!isFull(frame.headers.get('destination') ?? '')) return 'default';
      if (at.framesOf('SEND').length < nth) return 'handled';
      if (!ended.has(at)) at.send('ERROR', { message });
      ended.add(at);
      at.end();
      return 'handled';
    });
  }

  happens(
    'Surroundings',
    'the disk of Artemis is full, and it answers so and ends the connection',
    'everything that was under way is rejected with BROKER_FULL and waits in its queue; nothing counts as refused',
    async () => {
      refuse(() => true, disk, 3);
      const [broker] = await bench.started();
      expect(await codesOf(broker, ['a', 'b', 'c'])).to.deep.equal(Array(3).fill('BROKER_FULL'));
    },
  );

  it('is tried on a connection apart for what it did not take, and takes the rest on the others', async () => {
    refuse((name) => name === 'full', 'AMQ229102: Address "full" is full.');
    const [broker] = await bench.started();
    expect(await codesOf(broker, ['full'])).to.deep.equal(['BROKER_FULL']);
    await until(() => broker.channel.isUp() && bench.server.open().length === 2, {
      what: 'both connections',
    });
    await broker.channel.send(queue('other'), newMessage());
    const shared = bench.server.open().find((one) => one.framesOf('SEND').length > 0);
    expect(await codesOf(broker, ['full'])).to.deep.equal(['BROKER_FULL']);
    await broker.channel.send(queue('other'), newMessage());
    bench.server.rule(() => 'default');
    await until(() => broker.channel.send(queue('full'), newMessage()).then(() => true), { what: 'a send' });
    expect(shared?.isClosed()).to.equal(false);
  });

  it('at one address rejects with BROKER_FULL what goes there alone', async () => {
    bench.server.holdReceipts(true);
    const [broker, there] = await bench.started();
    const codes = codesOf(broker, ['full', 'other', 'full']);
    await there.frame('SEND', 3);
    there.send('ERROR', { message: 'AMQ229102: Address "full" is full.' });
    there.end();
    expect(await codes).to.deep.equal(['BROKER_FULL', 'SEND_UNCONFIRMED', 'BROKER_FULL']);
  });
});

for (const { name, says } of [
  {
    name: 'ActiveMQ/6.3.1',
    says: [
      'Usage Manager Memory Limit (1048576) reached on queue://full, size 1048576. Producer (ID:x) stopped to prevent flooding.',
      'Persistent store is Full, 100% of 104857600. Stopping producer (ID:x) to prevent flooding queue://full.',
      'Temp Store is Full (0% of 0). Stopping producer (ID:x) to prevent flooding queue://full.',
    ],
  },
  { name: 'replyto-embedded/1.0.0', says: ['store full', 'memory full'] },
]) {
  describe(`a full broker that names what it refuses: ${name}`, () => {
    const bench = stompBench({ name });

    it('rejects that with BROKER_FULL and serves on', async () => {
      let said: string | undefined;
      bench.server.rule((frame, at) => {
        if (frame.command !== 'SEND' || said === undefined) return 'default';
        at.send('ERROR', { 'receipt-id': frame.headers.get('receipt') ?? '', message: said });
        return 'handled';
      });
      const [broker] = await bench.started();
      for (said of says) expect(await codesOf(broker, ['full']), said).to.deep.equal(['BROKER_FULL']);
      said = undefined;
      await broker.channel.send(queue('full'), newMessage());
      expect(bench.server.connections).to.have.length(1);
    });
  });
}
