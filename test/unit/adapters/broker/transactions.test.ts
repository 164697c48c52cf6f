import { expect } from 'chai';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import type { RawStomp, ReceivedFrame } from '../../../support/raw-stomp.js';

const texts = (frames: readonly ReceivedFrame[]): string[] => frames.map(({ text }) => text);
const ackOf = (frame: ReceivedFrame): string => frame.headers['ack'] ?? '';

describe('transactions of the embedded broker', () => {
  const fixture = embeddedBroker({
    limits: { actionsPerTransaction: 5, openTransactions: 2, transactionBytes: 10_000 },
  });
  const inT = { transaction: 't' };

  async function begun(client?: RawStomp): Promise<RawStomp> {
    const opened = client ?? (await fixture.client());
    await opened.confirmed('BEGIN', inT);
    return opened;
  }

  async function faultOf(
    client: RawStomp,
    command: string,
    headers: Record<string, string>,
  ): Promise<ReceivedFrame> {
    client.frame(command, { ...headers, receipt: 'refused' });
    return await client.take('ERROR', { 'receipt-id': 'refused' });
  }

  it('show nothing of their messages before COMMIT, and all of them in order after it', async () => {
    const consumer = await fixture.subscriber('/queue/a');
    const client = await begun();
    for (const text of ['1', '2', '3']) {
      await client.confirmed('SEND', { ...inT, destination: '/queue/a', persistent: 'true' }, text);
    }
    await fixture.send('/queue/a', 'meanwhile');
    expect(texts(await consumer.messages(1))).to.deep.equal(['meanwhile']);
    await client.confirmed('COMMIT', inT);
    const frames = await consumer.messages(3);
    expect(texts(frames)).to.deep.equal(['1', '2', '3']);
    expect(frames[0]?.headers).not.to.have.property('transaction');
  });

  it('are one database transaction, however many messages and destinations they have', async () => {
    const client = await begun();
    for (const name of ['a', 'b', 'c']) {
      await client.confirmed('SEND', { ...inT, destination: `/queue/${name}`, persistent: 'true' }, 'x');
    }
    const before = fixture.broker.statistics().transactions;
    await client.confirmed('COMMIT', inT);
    expect(fixture.broker.statistics().transactions - before).to.equal(1);
  });

  it('forget everything at ABORT, and when the connection ends', async () => {
    const client = await begun();
    await client.confirmed('SEND', { ...inT, destination: '/queue/a' }, 'aborted');
    await client.confirmed('ABORT', inT);
    await begun(client);
    await client.confirmed('SEND', { ...inT, destination: '/queue/a' }, 'lost');
    await client.confirmed('DISCONNECT');
    await fixture.send('/queue/a', 'kept');
    const consumer = await fixture.subscriber('/queue/a');
    expect(texts(await consumer.messages(1))).to.deep.equal(['kept']);
    expect(fixture.broker.statistics().memoryBytes).to.equal(0);
  });

  it('acknowledge at COMMIT; after ABORT the delivery is in flight as before and can be acknowledged', async () => {
    await fixture.send('/queue/a', '1', '2');
    const consumer = await begun(await fixture.subscriber('/queue/a'));
    const [first, second] = await consumer.messages(2);
    await consumer.confirmed('ACK', { ...inT, id: ackOf(first!) });
    expect(fixture.queue('a').inFlight).to.equal(2);
    await consumer.confirmed('ABORT', inT);
    await begun(consumer);
    await consumer.confirmed('ACK', { ...inT, id: ackOf(first!) });
    await consumer.confirmed('ACK', { ...inT, id: ackOf(second!) });
    await consumer.confirmed('COMMIT', inT);
    expect(fixture.queue('a').inFlight).to.equal(0);
    await fixture.restart();
    expect(fixture.queue('a').depth).to.equal(0);
  });

  it('take a request and send its reply as one step', async () => {
    await fixture.send('/queue/requests', 'question');
    const service = await begun(await fixture.subscriber('/queue/requests'));
    const request = await service.take('MESSAGE');
    await service.confirmed('SEND', { ...inT, destination: '/queue/replies', persistent: 'true' }, 'answer');
    await service.confirmed('ACK', { ...inT, id: ackOf(request) });
    service.destroy();
    const next = await begun(await fixture.subscriber('/queue/requests'));
    const again = await next.take('MESSAGE');
    expect(again.headers['redelivered']).to.equal('true');
    expect(fixture.queue('replies').depth).to.equal(0);
    await next.confirmed('SEND', { ...inT, destination: '/queue/replies', persistent: 'true' }, 'answer');
    await next.confirmed('ACK', { ...inT, id: ackOf(again) });
    await next.confirmed('COMMIT', inT);
    expect(fixture.queue('requests').inFlight).to.equal(0);
    expect(fixture.queue('replies').depth).to.equal(1);
  });

  it('acknowledge what came before too in mode client, named once or twice', async () => {
    await fixture.send('/queue/a', '1', '2', '3');
    const consumer = await begun(await fixture.subscriber('/queue/a', { ack: 'client' }));
    const frames = await consumer.messages(3);
    await consumer.confirmed('ACK', { ...inT, id: ackOf(frames[1]!) });
    await consumer.confirmed('ACK', { ...inT, id: ackOf(frames[0]!) });
    await consumer.confirmed('COMMIT', inT);
    expect(fixture.queue('a').inFlight).to.equal(1);
  });

  it('reject at COMMIT', async () => {
    await fixture.send('/queue/a', '1');
    const consumer = await begun(await fixture.subscriber('/queue/a'));
    const frame = await consumer.take('MESSAGE');
    await consumer.confirmed('NACK', { ...inT, id: ackOf(frame) });
    expect(consumer.pending).to.have.length(0);
    await consumer.confirmed('COMMIT', inT);
    expect((await consumer.take('MESSAGE')).headers['redelivered']).to.equal('true');
  });

  it('reject with the count of all NACKs: the sixth makes a dead letter at COMMIT', async () => {
    const consumer = await fixture.subscriber('/queue/a');
    await fixture.send('/queue/a', 'bad');
    for (let times = 1; times <= 6; times += 1) {
      await begun(consumer);
      await consumer.confirmed('NACK', { ...inT, id: ackOf(await consumer.take('MESSAGE')) });
      expect(fixture.queue('DLQ.a').depth).to.equal(0);
      await consumer.confirmed('COMMIT', inT);
    }
    expect(fixture.queue('a')).to.deep.include({ depth: 0, inFlight: 0 });
    const letter = await (await fixture.subscriber('/queue/DLQ.a')).take('MESSAGE');
    expect(letter.text).to.equal('bad');
    expect(letter.headers['dlq-reason']).to.include('6 times');
  });

  it('do nothing when a delivery they acknowledge is not in flight any more', async () => {
    await fixture.send('/queue/a', '1', '2');
    const consumer = await begun(await fixture.subscriber('/queue/a'));
    const [first, second] = await consumer.messages(2);
    await consumer.confirmed('ACK', { ...inT, id: ackOf(second!) });
    await consumer.confirmed('ACK', { ...inT, id: ackOf(first!) });
    await consumer.confirmed('SEND', { ...inT, destination: '/queue/b' }, 'x');
    await consumer.confirmed('ACK', { id: ackOf(first!) });
    const error = await faultOf(consumer, 'COMMIT', inT);
    expect(error.headers['message']).to.include('not in flight');
    expect(fixture.queue('b').depth).to.equal(0);
    expect(fixture.queue('a').inFlight).to.equal(1);
    await consumer.confirmed('ACK', { id: ackOf(second!) });
  });
});
