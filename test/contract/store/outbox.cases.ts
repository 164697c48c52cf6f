import { expect } from 'chai';
import type { OutboxDelivery, OutboxResult } from '#core/ports/outbox.js';
import { newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';

export function outboxCases(test: Case, bench: StoreBench): void {
  /** A request whose reply waits for its Reply-To queue. */
  async function forwarded(queue = 'answers', body = Buffer.from('"yes"')): Promise<string> {
    const { id } = await bench.sent({ replyTo: queue, properties: { conversationId: 'talk' } });
    await bench.store.requests.settle(newReply(id, { body }));
    return id;
  }

  async function claimOne(): Promise<OutboxDelivery> {
    const [delivery] = await bench.due({ limit: 1 });
    return delivery ?? expect.fail('nothing is due');
  }

  const finish = (delivery: OutboxDelivery, result: OutboxResult, owner = 'a'): Promise<void> =>
    bench.store.outbox.finish(delivery.id, owner, result);

  test('hands out a reply with all that its delivery needs', async () => {
    const id = await forwarded();
    const reply = await bench.store.requests.findReply(id, 1);
    expect(await claimOne()).to.deep.include({
      requestId: id,
      requestQueue: 'prices',
      queue: 'answers',
      attempts: 0,
      messageId: reply!.messageId,
      reply,
      conversationId: 'talk',
      createdAt: bench.clock.now(),
    });
  });

  test('has nothing to hand out for a request without Reply-To', async () => {
    const { id } = await bench.sent();
    await bench.store.requests.settle(newReply(id));
    expect(await bench.due()).to.deep.equal([]);
  });

  test('hands a delivery to nobody else while its lease holds, and again afterwards', async () => {
    await forwarded();
    const first = await claimOne();
    bench.clock.advance(leaseMs - 1);
    expect(await bench.due({ owner: 'b' })).to.deep.equal([]);
    bench.clock.advance(1);
    const [again] = await bench.due({ owner: 'b' });
    expect(again).to.deep.equal(first);
    // The first owner is too late to say anything.
    await finish(first, { kind: 'delivered' }, 'a');
    bench.clock.advance(leaseMs);
    expect(await bench.due({ owner: 'c' })).to.have.length(1);
  });

  test('hands a delivery to nobody else while its owner renews the lease', async () => {
    await forwarded();
    const { id } = await claimOne();
    bench.clock.advance(leaseMs - 1);
    await bench.store.outbox.renew([id], 'b', leaseMs);
    await bench.store.outbox.renew([id], 'a', leaseMs);
    bench.clock.advance(leaseMs - 1);
    expect(await bench.due({ owner: 'b' })).to.deep.equal([]);
    await bench.store.outbox.renew([id], 'b', leaseMs);
    bench.clock.advance(1);
    expect(await bench.due({ owner: 'b' })).to.have.length(1);
  });

  test('hands out no more once there are enough bytes', async () => {
    for (const size of [10, 10, 30]) await forwarded('answers', Buffer.alloc(size));
    const sizes = async (enoughBytes: number): Promise<unknown[]> =>
      (await bench.due({ enoughBytes })).map(({ reply }) => reply?.body.byteLength);
    expect(await sizes(20)).to.deep.equal([10, 10]);
    expect(await sizes(20)).to.deep.equal([30]);
  });

  test('gives each delivery to one of several who claim at the same time', async () => {
    for (let turn = 0; turn < 12; turn += 1) await forwarded();
    const claims = await Promise.all(['a', 'b', 'c', 'd'].map((owner) => bench.due({ owner, limit: 4 })));
    const ids = claims.flat().map(({ id }) => id);
    expect(ids).to.have.length(12);
    expect(new Set(ids).size).to.equal(12);
  });

  test('hands out the oldest first, as many as asked for, of one queue or of all but some', async () => {
    const ids: string[] = [];
    for (const queue of ['x', 'y', 'x', 'z']) {
      bench.clock.advance(1);
      ids.push(await forwarded(queue));
    }
    const requestIds = (deliveries: OutboxDelivery[]): string[] =>
      deliveries.map(({ requestId }) => requestId);
    expect(requestIds(await bench.due({ limit: 1, queue: 'x' }))).to.deep.equal([ids[0]]);
    expect(requestIds(await bench.due({ exceptQueues: ['x', 'z'] }))).to.deep.equal([ids[1]]);
    expect(requestIds(await bench.due({ limit: 1 }))).to.deep.equal([ids[2]]);
    expect(requestIds(await bench.due({ queue: 'z' }))).to.deep.equal([ids[3]]);
  });

  test('hands out what one instant brought in the order in which it came', async () => {
    const ids: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) ids.push(await forwarded());
    expect((await bench.due()).map(({ requestId }) => requestId)).to.deep.equal(ids);
  });

  /** A request that expired, whose Fault was claimed, and whose reply came afterwards. */
  async function answeredLate(): Promise<OutboxDelivery> {
    const { id } = await bench.sent({ replyTo: 'answers', timeoutMs: 1_000 });
    bench.clock.advance(1_000);
    await bench.store.requests.expireDue(1);
    const fault = await claimOne();
    await bench.store.requests.settle(newReply(id));
    return fault;
  }

  const numbers = async (): Promise<number[]> => (await bench.due()).map(({ reply }) => reply?.number ?? 0);

  test('hands out a late reply after the Fault, however long that one waits', async () => {
    const fault = await answeredLate();
    expect(await numbers(), 'while the Fault is under way').to.deep.equal([]);
    await finish(fault, { kind: 'postponed', error: 'broker away', retryMs: 5_000 });
    expect(await numbers(), 'while the Fault waits').to.deep.equal([]);
    bench.clock.advance(5_000);
    expect(await numbers()).to.deep.equal([0]);
    await finish(fault, { kind: 'delivered' });
    expect(await numbers()).to.deep.equal([1]);
  });

  test('hands out a late reply when the Fault was given up', async () => {
    await finish(await answeredLate(), { kind: 'dead', error: 'no permission' });
    expect(await numbers()).to.deep.equal([1]);
  });

  test('lets no request wait for another one', async () => {
    const fault = await answeredLate();
    const id = await forwarded();
    await finish(fault, { kind: 'postponed', error: 'broker away', retryMs: 5_000 });
    expect((await bench.due()).map(({ requestId }) => requestId)).to.deep.equal([id]);
  });

  test('is done with what was delivered', async () => {
    await forwarded();
    await finish(await claimOne(), { kind: 'delivered' });
    bench.clock.advance(10 * leaseMs);
    expect(await bench.due()).to.deep.equal([]);
  });

  test('counts a refusal and hands it out again when its time has come', async () => {
    await forwarded();
    await finish(await claimOne(), { kind: 'refused', error: 'no such queue\0', retryMs: 1_000 });
    bench.clock.advance(999);
    expect(await bench.due()).to.deep.equal([]);
    bench.clock.advance(1);
    expect((await claimOne()).attempts).to.equal(1);
  });

  test('never counts what was postponed', async () => {
    await forwarded();
    const messageIds = new Set<string>();
    for (let turn = 0; turn < 20; turn += 1) {
      const delivery = await claimOne();
      messageIds.add(delivery.messageId);
      expect(delivery.attempts).to.equal(0);
      await finish(delivery, { kind: 'postponed', error: 'broker away', retryMs: 0 });
    }
    expect(messageIds.size).to.equal(1);
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 0 });
  });

  test('moves what is given up to the dead letters', async () => {
    await forwarded('answers', Buffer.of(0, 1, 2));
    await finish(await claimOne(), { kind: 'dead', error: 'no permission' });
    bench.clock.advance(10 * leaseMs);
    expect(await bench.due()).to.deep.equal([]);
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 1 });
  });

  test('moves the Fault of an expired request to the dead letters too', async () => {
    await bench.sent({ replyTo: 'answers', timeoutMs: 1 });
    bench.clock.advance(1);
    await bench.store.requests.expireDue(1);
    await finish(await claimOne(), { kind: 'dead', error: 'no permission' });
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 1 });
  });

  test('hears nobody who does not hold the delivery, and nothing twice', async () => {
    await forwarded();
    const delivery = await claimOne();
    await finish(delivery, { kind: 'dead', error: 'not mine' }, 'b');
    await bench.store.outbox.finish(delivery.id + 1_000, 'a', { kind: 'delivered' });
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 0 });
    await finish(delivery, { kind: 'delivered' });
    await finish(delivery, { kind: 'dead', error: 'too late' });
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 0 });
  });
}
