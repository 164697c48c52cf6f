import { expect } from 'chai';
import { networkBench, sendTo } from '../../../support/network-bench.js';
import type { RawStomp, ReceivedFrame } from '../../../support/raw-stomp.js';
import { until, within } from '../../../support/until.js';

const texts = (frames: readonly ReceivedFrame[]): string[] => frames.map(({ text }) => text);

async function acknowledge(client: RawStomp, message: ReceivedFrame): Promise<void> {
  await client.confirmed('ACK', { id: message.headers['ack']! });
}

describe('a faulty network', () => {
  const bench = networkBench({ seed: 1 });

  it('passes everything on as it comes while no rule says otherwise', async () => {
    const consumer = await bench.subscriber('a');
    const producer = await bench.client();
    const bytes = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 256));
    await sendTo(producer, 'a', bytes);
    await sendTo(producer, 'a', 'text');
    const [first, second] = await consumer.messages(2);
    expect(first!.body.equals(bytes)).to.equal(true);
    expect(second!.text).to.equal('text');
    await acknowledge(consumer, first!);
    await acknowledge(consumer, second!);
    expect(bench.broker.queue('a')).to.include({ depth: 0, inFlight: 0 });
    expect(bench.network.connections).to.equal(2);
    expect(bench.network.events.map(({ kind }) => kind)).to.deep.equal(['opened', 'opened']);
  });

  describe('watch', () => {
    it('changes nothing and remembers the frames', async () => {
      const sends = bench.network.watch({ command: 'SEND', queue: 'a', times: Infinity });
      const acks = bench.network.watch({ command: 'ACK' });
      const consumer = await bench.subscriber('a');
      const producer = await bench.client();
      await sendTo(producer, 'a', 'one');
      await sendTo(producer, 'b', 'two');
      await sendTo(producer, 'a', 'three');
      const [message] = await consumer.messages(2);
      await acknowledge(consumer, message!);
      expect(await acks.reached()).to.include({ command: 'ACK', connection: 1, direction: 'to-broker' });
      expect(sends.applied).to.equal(2);
      const logins = bench.network.watch({ command: 'CONNECT', headers: { login: 'me' } });
      await bench.client({ login: 'me', passcode: 'secret' });
      expect((await logins.reached()).headers).to.include({ passcode: '***' });
      expect(sends.frames.map(({ queue }) => queue)).to.deep.equal(['a', 'a']);
    });
  });

  describe('drop', () => {
    it('loses the frame, whose sender waits in vain, and no other', async () => {
      const rule = bench.network.drop({ command: 'SEND', queue: 'a', nth: 2 });
      const producer = await bench.client();
      const consumer = await bench.subscriber('a');
      await sendTo(producer, 'a', 'one');
      producer.frame('SEND', { destination: '/queue/a', receipt: 'lost' }, 'two');
      await sendTo(producer, 'a', 'three');
      expect(texts(await consumer.messages(2))).to.deep.equal(['one', 'three']);
      expect(await rule.reached()).to.have.nested.property('headers.receipt', 'lost');
      expect(producer.pending).to.deep.equal([]);
      expect(bench.network.events.find(({ kind }) => kind === 'dropped')?.frame?.queue).to.equal('a');
    });

    it('confirms it all the same when told so', async () => {
      bench.network.drop({ command: 'SEND' }, { confirmed: true });
      const producer = await bench.client();
      await sendTo(producer, 'a', 'one');
      await sendTo(producer, 'a', 'two');
      expect(bench.broker.queue('a').depth).to.equal(1);
    });

    it('of a message leaves it with the broker, which delivers it again when the connection has ended', async () => {
      const rule = bench.network.drop({ command: 'MESSAGE', queue: 'a' });
      const consumer = await bench.subscriber('a');
      await sendTo(await bench.direct(), 'a', 'one');
      await rule.reached();
      expect(bench.broker.queue('a').inFlight).to.equal(1);
      consumer.destroy();
      const [again] = await (await bench.subscriber('a')).messages(1);
      expect(again).to.deep.include({ text: 'one' });
      expect(again!.headers['redelivered']).to.equal('true');
    });

    it('of a message is not acknowledged with a later one, where that would acknowledge all before it', async () => {
      bench.network.drop({ command: 'MESSAGE', nth: 2 });
      const consumer = await bench.subscriber('a', { ack: 'client' });
      const producer = await bench.direct();
      for (const text of ['one', 'two', 'three']) await sendTo(producer, 'a', text);
      const [, three] = await consumer.messages(2);
      expect(three!.text).to.equal('three');
      await acknowledge(consumer, three!);
      expect(bench.broker.queue('a')).to.include({ depth: 0, inFlight: 1 });
    });
  });

  describe('duplicate', () => {
    it('of a SEND gives the broker two messages and the sender one receipt', async () => {
      bench.network.duplicate({ command: 'SEND', queue: 'a', nth: 2 }, { copies: 2 });
      const producer = await bench.client();
      for (const text of ['one', 'two', 'three']) await sendTo(producer, 'a', text);
      const consumer = await bench.subscriber('a');
      expect(texts(await consumer.messages(5))).to.deep.equal(['one', 'two', 'two', 'two', 'three']);
      expect(producer.pending).to.deep.equal([]);
    });

    it('of a message gives the client two, and the broker one acknowledgement', async () => {
      bench.network.duplicate({ command: 'MESSAGE' });
      const consumer = await bench.subscriber('a');
      await sendTo(await bench.direct(), 'a', 'one');
      const [first, second] = await consumer.messages(2);
      expect(first!.headers['message-id']).to.equal(second!.headers['message-id']);
      expect(first!.headers['ack']).to.not.equal(second!.headers['ack']);
      await acknowledge(consumer, second!);
      await acknowledge(consumer, first!);
      expect(bench.broker.queue('a')).to.include({ depth: 0, inFlight: 0 });
      expect(consumer.pending).to.deep.equal([]);
    });
  });

  describe('hold', () => {
    it('keeps a frame until it is released, while others overtake it', async () => {
      const rule = bench.network.hold({ command: 'SEND', body: /^on/u });
      const producer = await bench.client();
      producer.frame('SEND', { destination: '/queue/a', receipt: 'late' }, 'one');
      await rule.reached();
      expect(rule.holding).to.equal(1);
      await sendTo(producer, 'a', 'two');
      rule.release();
      await producer.take('RECEIPT', { 'receipt-id': 'late' });
      const consumer = await bench.subscriber('a');
      expect(texts(await consumer.messages(2))).to.deep.equal(['two', 'one']);
      expect(rule.holding).to.equal(0);
      expect(bench.network.events.map(({ kind }) => kind)).to.include.members(['held', 'released']);
    });

    it('lets it go on behind a frame that is on its way, never inside of it', async () => {
      const rule = bench.network.hold({ command: 'SEND' });
      const producer = await bench.client();
      producer.frame('SEND', { destination: '/queue/a', receipt: 'held' }, 'held');
      await rule.reached();
      const bytes = bench.network.bytes;
      const half = Buffer.alloc(50_000, 'x');
      producer.write('SEND\ndestination:/queue/a\ncontent-length:100000\n\n');
      producer.write(half);
      await until(() => bench.network.bytes >= bytes + half.length, { what: 'half of the frame' });
      rule.release();
      producer.write(Buffer.concat([half, Buffer.of(0)]));
      await producer.take('RECEIPT', { 'receipt-id': 'held' });
      const [long, held] = await (await bench.subscriber('a')).messages(2);
      expect([long!.body.length, held!.text]).to.deep.equal([100_000, 'held']);
      expect(bench.network.events.some(({ kind }) => kind === 'unreadable')).to.equal(false);
    });

    it('lets the goodbye and the end of a connection wait for what it keeps of it', async () => {
      const rule = bench.network.hold({ command: 'SEND' });
      const producer = await bench.client();
      producer.frame('SEND', { destination: '/queue/a' }, 'one');
      producer.frame('DISCONNECT', { receipt: 'bye' });
      await rule.reached();
      rule.release();
      await producer.take('RECEIPT', { 'receipt-id': 'bye' });
      expect(bench.broker.queue('a').depth).to.equal(1);
    });

    it('lets what it keeps go on when the client has closed its side meanwhile', async () => {
      const rule = bench.network.hold({ command: 'SEND' });
      const producer = await bench.client();
      producer.frame('SEND', { destination: '/queue/a' }, 'one');
      producer.end();
      await rule.reached();
      rule.release();
      await until(() => bench.broker.queue('a').depth === 1, { what: 'the message' });
      await until(() => bench.network.connections === 0, { what: 'the end of the connection' });
    });

    it('loses what it keeps with a connection that fails, and says so', async () => {
      const rule = bench.network.hold({ command: 'SEND' });
      const producer = await bench.client();
      producer.frame('SEND', { destination: '/queue/a' }, 'one');
      await rule.reached();
      bench.network.cut();
      await producer.closed;
      rule.release();
      expect(bench.network.events.map(({ kind }) => kind)).to.deep.equal(['opened', 'held', 'lost', 'cut']);
      expect(bench.broker.queue('a').depth).to.equal(0);
    });
  });

  describe('swap', () => {
    it('changes the order of two, also of two connections', async () => {
      const rule = bench.network.swap({ command: 'SEND', queue: 'a' });
      const [one, two] = [await bench.client(), await bench.client()];
      one.frame('SEND', { destination: '/queue/a' }, 'one');
      await rule.reached();
      await sendTo(two, 'a', 'two');
      await sendTo(one, 'a', 'three');
      const consumer = await bench.subscriber('a');
      expect(texts(await consumer.messages(3))).to.deep.equal(['two', 'one', 'three']);
      expect(bench.network.events.filter(({ kind }) => kind === 'swapped')).to.have.lengthOf(1);
    });

    it('does so again and again when told so', async () => {
      const rule = bench.network.swap({ command: 'SEND', queue: 'a', times: 2 });
      const producer = await bench.client();
      for (const text of ['one', 'two', 'three', 'four', 'five']) {
        producer.frame('SEND', { destination: '/queue/a' }, text);
      }
      const consumer = await bench.subscriber('a');
      expect(texts(await consumer.messages(5))).to.deep.equal(['two', 'one', 'four', 'three', 'five']);
      expect(rule.applied).to.equal(2);
    });

    it('has nothing to do with what comes before all of the first is there', async () => {
      const rule = bench.network.swap({ command: 'SEND', queue: 'a', times: 2 });
      const [slow, quick] = [await bench.client(), await bench.client()];
      const bytes = bench.network.bytes;
      slow.write('SEND\ndestination:/queue/a\n\no');
      await until(() => bench.network.bytes > bytes, { what: 'half of the frame' });
      await sendTo(quick, 'a', 'two');
      slow.write('ne\0');
      await rule.reached();
      await sendTo(quick, 'a', 'three');
      const consumer = await bench.subscriber('a');
      expect(texts(await consumer.messages(3))).to.deep.equal(['two', 'three', 'one']);
    });

    it('lets the first go when no second comes in time', async () => {
      const rule = bench.network.swap({ command: 'SEND', queue: 'a' }, { withinMs: 20 });
      const producer = await bench.client();
      await sendTo(producer, 'a', 'one');
      await sendTo(producer, 'a', 'two');
      expect(texts(await (await bench.subscriber('a')).messages(2))).to.deep.equal(['one', 'two']);
      expect(bench.network.events.map(({ kind }) => kind)).to.include('not-swapped');
      expect([rule.applied, rule.holding]).to.deep.equal([1, 0]);
    });
  });

  describe('what ends something', () => {
    it('waits for the frames before it, a transaction for those in it', async () => {
      const rule = bench.network.hold({ command: 'SEND', headers: { transaction: 't' } });
      const producer = await bench.client();
      producer.frame('BEGIN', { transaction: 't' });
      producer.frame('SEND', { destination: '/queue/a', transaction: 't' }, 'one');
      producer.frame('COMMIT', { transaction: 't', receipt: 'commit' });
      producer.frame('SEND', { destination: '/queue/a', receipt: 'behind' }, 'two');
      await rule.reached();
      expect(producer.pending).to.deep.equal([]);
      rule.release();
      await producer.take('RECEIPT', { 'receipt-id': 'commit' });
      await producer.take('RECEIPT', { 'receipt-id': 'behind' });
      expect(texts(await (await bench.subscriber('a')).messages(2))).to.deep.equal(['one', 'two']);
    });
  });

  it('holds back what comes behind an end that a rule keeps back itself', async () => {
    const producer = await bench.client();
    const first = bench.network.hold({ command: 'SEND' });
    const second = bench.network.hold({ command: 'COMMIT' });
    producer.frame('BEGIN', { transaction: 't' });
    producer.frame('SEND', { destination: '/queue/a', transaction: 't' }, 'one');
    producer.frame('COMMIT', { transaction: 't' });
    producer.frame('DISCONNECT', { receipt: 'bye' });
    await first.reached();
    first.release();
    await second.reached();
    // What comes meanwhile stays with its sender, and is not kept in memory.
    const bytes = bench.network.bytes;
    producer.write(Buffer.alloc(1024 * 1024, '\n'));
    const other = await bench.direct();
    for (let times = 0; times < 20; times += 1) await sendTo(other, 'b', 'other');
    expect(bench.network.bytes).to.equal(bytes);
    expect([producer.pending, bench.broker.queue('a').depth]).to.deep.equal([[], 0]);
    second.release();
    await producer.take('RECEIPT', { 'receipt-id': 'bye' });
    expect(bench.broker.queue('a').depth).to.equal(1);
  });

  describe('STOMP 1.1', () => {
    it('takes a carriage return at the end of a line for a part of the header', async () => {
      const rule = bench.network.watch({ command: 'SEND', headers: { 'x-text': 'a\r' } });
      const producer = await bench.client({ 'accept-version': '1.1' });
      producer.write('SEND\ndestination:/queue/a\nx-text:a\r\n\nbody\0');
      expect((await rule.reached()).headers).to.include({ 'x-text': 'a\r' });
    });

    it('has its own acknowledgements and escapes: a message is doubled, acknowledged once, and read as it is', async () => {
      bench.network.duplicate({ command: 'MESSAGE', headers: { 'x-text': 'a\\b' } });
      const consumer = await bench.client({ 'accept-version': '1.1' });
      await consumer.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'client-individual' });
      const producer = await bench.direct();
      await producer.confirmed('SEND', { destination: '/queue/a', 'x-text': 'a\\b' }, 'one');
      const [first, second] = await consumer.messages(2);
      expect(first).to.deep.equal(second);
      const ack = { subscription: 's', 'message-id': first!.headers['message-id']! };
      await consumer.confirmed('ACK', ack);
      expect(bench.broker.queue('a').inFlight).to.equal(1);
      await consumer.confirmed('ACK', ack);
      expect(bench.broker.queue('a').inFlight).to.equal(0);
    });
  });

  describe('alter', () => {
    it('changes headers and body, and tells the new length', async () => {
      bench.network.alter(
        { command: 'SEND' },
        { headers: { 'x-new': 'a:b', 'x-old': undefined }, body: 'longer than it was: ü' },
      );
      const producer = await bench.client();
      await producer.confirmed('SEND', { destination: '/queue/a', 'x-old': '1', 'x-kept': '2' }, 'short');
      const [message] = await (await bench.subscriber('a')).messages(1);
      expect(message!.text).to.equal('longer than it was: ü');
      expect(message!.headers).to.include({ 'x-new': 'a:b', 'x-kept': '2', 'content-length': '22' });
      expect(message!.headers).to.not.have.property('x-old');
    });

    it('takes what a function makes of the frame, bytes as they are among it', async () => {
      bench.network.alter({ command: 'SEND' }, ({ text }) => ({ body: text().toUpperCase() }));
      bench.network.alter({ command: 'SEND', nth: 2 }, () => Buffer.from('NONSENSE\n\n\0'));
      const producer = await bench.client();
      await sendTo(producer, 'a', 'one');
      producer.frame('SEND', { destination: '/queue/a' }, 'two');
      expect((await producer.take('ERROR')).headers['message']).to.match(/unknown command/u);
      expect(texts(await (await bench.subscriber('a')).messages(1))).to.deep.equal(['ONE']);
    });
  });

  describe('cutAt', () => {
    it('before a frame lets nothing of it arrive', async () => {
      bench.network.cutAt({ command: 'SEND' }, 'before');
      const producer = await bench.client();
      producer.frame('SEND', { destination: '/queue/a' }, 'one');
      await within(producer.closed, { what: 'the failure at the client' });
      await until(() => bench.network.connections === 0, { what: 'the end of the connection' });
      expect(bench.broker.queue('a').depth).to.equal(0);
    });

    it('after a frame lets all of it arrive, and no answer', async () => {
      bench.network.cutAt({ command: 'SEND' }, 'after');
      const producer = await bench.client();
      producer.frame('SEND', { destination: '/queue/a', receipt: 'r' }, 'one');
      await within(producer.closed, { what: 'the failure at the client' });
      await until(() => bench.broker.queue('a').depth === 1, { what: 'the message' });
      expect(producer.pending).to.deep.equal([]);
    });

    it('in the middle of a frame gives the broker half of it, which is no message', async () => {
      const rule = bench.network.cutAt({ command: 'SEND', nth: 2 }, 'middle');
      const producer = await bench.client();
      await sendTo(producer, 'a', 'one');
      producer.frame('SEND', { destination: '/queue/a' }, Buffer.alloc(100_000, 'x'));
      await within(producer.closed, { what: 'the failure at the client' });
      expect(rule.applied).to.equal(1);
      expect(texts(await (await bench.subscriber('a')).messages(1))).to.deep.equal(['one']);
    });

    for (const at of ['before', 'after'] as const) {
      it(`${at} the receipt of a SEND: the broker has the message, the sender ${at === 'after' ? 'knows' : 'does not know'}`, async () => {
        bench.network.cutAt({ receiptOf: { command: 'SEND', queue: 'a' }, nth: 2 }, at);
        const producer = await bench.client();
        await sendTo(producer, 'a', 'one');
        await sendTo(producer, 'b', 'other');
        producer.frame('SEND', { destination: '/queue/a', receipt: 'last' }, 'two');
        await within(producer.closed, { what: 'the failure at the client' });
        const receipts = producer.pending.map(({ headers }) => headers['receipt-id']);
        expect(receipts).to.deep.equal(at === 'after' ? ['last'] : []);
        expect(bench.broker.queue('a').depth).to.equal(2);
      });
    }
  });
});
