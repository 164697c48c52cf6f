import { expect } from 'chai';
import { happens } from '../../../support/happens.js';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import type { ReceivedFrame } from '../../../support/raw-stomp.js';
import { until } from '../../../support/until.js';

const megabyte = 1024 * 1024;

describe('slow clients of the embedded broker', () => {
  const fixture = embeddedBroker({ limits: { outputStallMs: 4_000 } });

  /** Memory that receives what the consumer does not read is the system's: a few megabytes each way. */
  async function sendMegabytes(destination: string, count: number): Promise<void> {
    const sender = await fixture.client();
    for (let number = 0; number < count; number += 1) {
      sender.frame('SEND', { destination, persistent: 'true' }, `${number}`.padStart(megabyte, ' '));
    }
    await sender.confirmed('BEGIN', { transaction: 't' });
    await until(() => fixture.broker.statistics().sent >= count, { what: 'the messages' });
  }

  const numbersOf = (frames: readonly ReceivedFrame[]): number[] => frames.map(({ text }) => Number(text));

  it('get no more than their socket takes; the rest goes to others', async () => {
    const slow = await fixture.subscriber('/queue/a');
    slow.pause();
    await sendMegabytes('/queue/a', 60);
    await until(() => fixture.queue('a').depth > 20, { what: 'a queue that waits' });
    expect(fixture.queue('a').inFlight).to.be.below(30);
    expect(fixture.broker.statistics().memoryBytes).to.be.below(61 * megabyte);
    const fast = await fixture.subscriber('/queue/a', { ack: 'auto' });
    const depth = fixture.queue('a').depth;
    await fast.messages(depth);
    expect(fixture.queue('a').inFlight).to.be.above(0);
  });

  it('get everything, in order, when they read on', async () => {
    const slow = await fixture.subscriber('/queue/a');
    slow.pause();
    await sendMegabytes('/queue/a', 30);
    await until(() => fixture.queue('a').depth > 5, { what: 'a queue that waits' });
    slow.resume();
    expect(numbersOf(await slow.messages(30))).to.deep.equal(Array.from({ length: 30 }, (_, index) => index));
  });

  happens(
    'STOMP',
    'a consumer of a queue that never reads',
    'it gets what its socket takes; then its connection is ended, and its messages go to others',
    async () => {
      const dead = await fixture.subscriber('/queue/a');
      dead.pause();
      await sendMegabytes('/queue/a', 30);
      await until(() => fixture.broker.statistics().connections === 1, {
        what: 'the end of the dead connection',
      });
      expect(fixture.queue('a')).to.deep.include({ depth: 30, inFlight: 0 });
      const next = await fixture.subscriber('/queue/a');
      const frames = await next.messages(30);
      expect(frames[0]?.headers['redelivered']).to.equal('true');
    },
  );

  happens(
    'STOMP',
    'a client that sends and reads none of its receipts',
    'it is not read from until it reads; then every frame is carried out',
    async () => {
      const client = await fixture.client();
      client.pause();
      const id = 'r'.repeat(10_000);
      let sent = 0;
      await until(
        () => {
          for (let count = 0; count < 500; count += 1) {
            client.frame('SEND', { destination: '/queue/a', receipt: `${id}${sent}` });
            sent += 1;
          }
          // Nothing new is read any more although it was sent.
          return sent > 4_000;
        },
        { what: 'many frames' },
      );
      await until(() => fixture.broker.statistics().sent > 0, { what: 'the first of them' });
      let before = -1;
      await until(
        () => {
          const now = fixture.broker.statistics().sent;
          const still = now === before;
          before = now;
          return still && now < sent;
        },
        { what: 'a broker that waits' },
      );
      expect(before).to.be.below(sent);
      client.resume();
      await until(() => fixture.broker.statistics().sent === sent, { what: 'all frames' });
    },
  );
});
