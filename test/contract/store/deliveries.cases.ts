import { expect } from 'chai';
import type { DeliverOutcome, DeliveryRecord, OutboxResult } from '#core/ports/outbox.js';
import { newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs, retentionMs } from './bench.js';

/** Deliveries of a reply: how they stand, and those that are added after the request was posted. */
export function deliveryCases(test: Case, bench: StoreBench): void {
  const add = (requestId: string, queue = 'more', replyNumber = 1): Promise<DeliverOutcome> =>
    bench.store.outbox.deliver({ requestId, queue, replyNumber, most: 5 });
  const deliveriesOf = async (id: string): Promise<readonly DeliveryRecord[]> =>
    (await bench.store.outbox.deliveriesOf(id)) ?? expect.fail('the request is unknown');
  const statesOf = async (id: string): Promise<unknown[]> =>
    (await deliveriesOf(id)).map(({ queue, state, replyNumber }) => [queue, state, replyNumber]);
  /** Where what is due goes, and which reply it is. */
  const dueTo = async (): Promise<unknown[]> =>
    (await bench.due()).map(({ queue, reply }) => [queue, reply?.number ?? 0]);

  async function finishAll(result: OutboxResult): Promise<void> {
    for (const { id } of await bench.due()) await bench.store.outbox.finish(id, 'a', result);
  }
  async function expired(replyTo: string | null = null): Promise<string> {
    const { id } = await bench.sent({ timeoutMs: 1, replyTo });
    bench.clock.advance(1);
    await bench.store.requests.expireDue(1);
    return id;
  }

  test('shows the Reply-To of a request before and after its reply, with attempts and the last error', async () => {
    const { id, createdAt } = await bench.sent({ replyTo: 'answers' });
    const own = { queue: 'answers', attempts: 0, lastError: null, endedAt: null };
    expect(await deliveriesOf(id)).to.deep.equal([
      { ...own, id: null, state: 'pending', replyNumber: null, createdAt },
    ]);
    bench.clock.advance(5);
    await bench.store.requests.settle(newReply(id));
    const queuedAt = bench.clock.now();
    await finishAll({ kind: 'refused', error: 'no such queue\0', retryMs: 0 });
    const [waiting, ...more] = await deliveriesOf(id);
    expect(more).to.deep.equal([]);
    expect(waiting).to.deep.include({
      ...{ ...own, state: 'waiting', replyNumber: 1, createdAt: queuedAt },
      ...{ attempts: 1, lastError: 'no such queue\0' },
    });
    bench.clock.advance(5);
    await finishAll({ kind: 'delivered' });
    expect((await deliveriesOf(id))[0]).to.include({
      ...{ state: 'delivered', endedAt: bench.clock.now(), attempts: 1, lastError: null },
    });
  });

  test('knows no deliveries of a request that is unknown, and none of one that names no queue', async () => {
    expect(await bench.store.outbox.deliveriesOf('nobody')).to.equal(null);
    expect(await add('nobody')).to.deep.equal({ kind: 'unknown' });
    expect(await deliveriesOf((await bench.sent()).id)).to.deep.equal([]);
  });

  test('sends a reply that is there to a further queue, with all that its delivery needs', async () => {
    const { id } = await bench.sent({ properties: { conversationId: 'talk' } });
    await bench.store.requests.settle(newReply(id));
    expect(await bench.due()).to.deep.equal([]);
    const reply = await bench.store.requests.findReply(id, 1);
    const outcome = await add(id);
    expect(outcome).to.deep.equal({ kind: 'added', delivery: (await deliveriesOf(id))[0] });
    const [delivery] = await bench.due();
    expect(delivery).to.deep.include({
      ...{
        requestId: id,
        queue: 'more',
        messageId: reply!.messageId,
        reply,
        conversationId: 'talk',
        attempts: 0,
      },
    });
  });

  test('sends a duplicate that is kept, when that is asked for', async () => {
    const { id } = await bench.sent();
    for (let turn = 0; turn < 2; turn += 1) await bench.store.requests.settle(newReply(id));
    expect(await add(id, 'more', 2)).to.include({ kind: 'added' });
    expect(await add(id, 'more', 3)).to.deep.equal({ kind: 'no-such-reply', replies: 2 });
    expect(await dueTo()).to.deep.equal([['more', 2]]);
  });

  test('adds nothing that is under way already, and sends again what was delivered', async () => {
    const { id } = await bench.sent();
    await bench.store.requests.settle(newReply(id));
    const added = await add(id);
    expect(await add(id)).to.deep.equal({ ...added, kind: 'known' });
    await finishAll({ kind: 'delivered' });
    expect(await add(id)).to.include({ kind: 'added' });
    expect(await statesOf(id)).to.deep.equal([
      ['more', 'delivered', 1],
      ['more', 'waiting', 1],
    ]);
  });

  test('lets a further queue wait for the reply of an open request, besides its Reply-To', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    expect(await add(id)).to.include({ kind: 'added' });
    expect(await add(id)).to.include({ kind: 'known' });
    expect(await add(id, 'answers')).to.include({ kind: 'known' });
    expect(await statesOf(id)).to.deep.equal([
      ['answers', 'pending', null],
      ['more', 'pending', null],
    ]);
    bench.clock.advance(10 * leaseMs);
    expect(await bench.due()).to.deep.equal([]);
    await bench.store.requests.settle(newReply(id));
    expect(await statesOf(id)).to.have.deep.members([
      ['answers', 'waiting', 1],
      ['more', 'waiting', 1],
    ]);
    const deliveries = await bench.due();
    expect(deliveries.map(({ queue }) => queue)).to.have.members(['answers', 'more']);
    expect(new Set(deliveries.map(({ messageId }) => messageId)).size).to.equal(1);
  });

  test('lets several queues wait for the reply of a request that has no Reply-To', async () => {
    const { id } = await bench.accepted();
    for (const name of ['x', 'y']) await add(id, name);
    await bench.store.requests.settle(newReply(id));
    await bench.store.requests.settle(newReply(id));
    expect(await dueTo()).to.have.deep.members([
      ['x', 1],
      ['y', 1],
    ]);
  });

  test('sends the Fault of a request that expires, and the late reply after it, to a further queue too', async () => {
    const { id } = await bench.sent({ timeoutMs: 1 });
    await add(id);
    bench.clock.advance(1);
    await bench.store.requests.expireDue(1);
    await bench.store.requests.settle(newReply(id));
    expect(await dueTo()).to.deep.equal([['more', 0]]);
    bench.clock.advance(leaseMs);
    await finishAll({ kind: 'delivered' });
    expect(await dueTo()).to.deep.equal([['more', 1]]);
  });

  test('gives a queue that is added after the expiry the Fault, and the late reply when it comes', async () => {
    const id = await expired('answers');
    await finishAll({ kind: 'delivered' });
    await add(id);
    await add(id, 'answers');
    expect(await dueTo()).to.have.deep.members([
      ['more', 0],
      ['answers', 0],
    ]);
    bench.clock.advance(leaseMs);
    await finishAll({ kind: 'delivered' });
    await bench.store.requests.settle(newReply(id));
    expect(await dueTo()).to.have.deep.members([
      ['answers', 1],
      ['more', 1],
    ]);
  });

  test('gives a queue that is added after a late reply that reply alone', async () => {
    const id = await expired();
    await bench.store.requests.settle(newReply(id));
    await add(id);
    expect(await dueTo()).to.deep.equal([['more', 1]]);
  });

  test('lets no queue wait for a reply that nobody would forward', async () => {
    const cancelled = await bench.sent();
    await add(cancelled.id, 'before');
    await bench.store.requests.cancel(cancelled.id);
    expect(await statesOf(cancelled.id)).to.deep.equal([['before', 'cancelled', null]]);
    expect(await add(cancelled.id)).to.deep.equal({ kind: 'none-to-come', isCancelled: true });
    const oneWay = await bench.accepted({ oneWay: true });
    expect(await add(oneWay.id)).to.deep.equal({ kind: 'none-to-come', isCancelled: false });
    await bench.store.requests.settle(newReply(cancelled.id));
    expect(await bench.due()).to.deep.equal([]);
    // One that is there all the same may be sent.
    expect(await add(cancelled.id)).to.include({ kind: 'added' });
    expect(await dueTo()).to.deep.equal([['more', 1]]);
  });

  test('keeps no more deliveries of a request than are asked for', async () => {
    const { id } = await bench.sent();
    for (const name of ['1', '2', '3', '4', '5']) expect(await add(id, name)).to.include({ kind: 'added' });
    expect(await add(id, '6')).to.deep.equal({ kind: 'full' });
    expect(await add(id, '5')).to.include({ kind: 'known' });
  });

  test('lets no queue of a request wait for another one', async () => {
    const { id } = await bench.sent({ replyTo: 'stuck' });
    await add(id, 'free');
    await bench.store.requests.settle(newReply(id));
    expect((await bench.due({ queue: 'stuck' })).map(({ queue }) => queue)).to.deep.equal(['stuck']);
    expect(await dueTo()).to.deep.equal([['free', 1]]);
  });

  test('loses no queue that is added while the reply comes', async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      const { id } = await bench.sent();
      const [added] = await Promise.all([add(id), bench.store.requests.settle(newReply(id))]);
      expect(added).to.include({ kind: 'added' });
      expect(await statesOf(id)).to.deep.equal([['more', 'waiting', 1]]);
    }
  });

  test('shows that the dead letter of a delivery was sent again', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    const reply = newReply(id, { applicationHeaders: { 'x-a': '1' }, properties: { schema: 's@1' } });
    await bench.store.requests.settle(reply);
    await finishAll({ kind: 'dead', error: 'no permission' });
    expect(await statesOf(id)).to.deep.equal([['answers', 'dead', 1]]);
    const number = await bench.store.deadLetters.newest();
    await bench.store.deadLetters.retry({ number, kinds: ['dead-letter'] });
    expect(await statesOf(id)).to.deep.equal([['answers', 'retried', 1]]);
    const [sent] = await bench.store.outgoing.claimDue({ owner: 'a', leaseMs, limit: 10 });
    expect(sent!.message).to.deep.include({
      ...{ messageId: reply.messageId, correlationId: id, replyTo: null, body: reply.body },
      ...{ applicationHeaders: { 'x-a': '1' }, properties: { schema: 's@1' } },
    });
  });

  test('sends the dead Fault of an expired request again as a Fault', async () => {
    const id = await expired('answers');
    await finishAll({ kind: 'dead', error: 'no permission' });
    const number = await bench.store.deadLetters.newest();
    await bench.store.deadLetters.retry({ number, kinds: ['dead-letter'] });
    const [sent] = await bench.store.outgoing.claimDue({ owner: 'a', leaseMs, limit: 10 });
    expect(sent!.message).to.deep.include({ correlationId: id, properties: { fault: true } });
    expect(JSON.parse(Buffer.from(sent!.message.body).toString())).to.include({ code: 'REQUEST_EXPIRED' });
  });

  test('lets a queue that waits for a reply keep no request beyond its retention', async () => {
    const id = await expired();
    await add(id);
    await finishAll({ kind: 'delivered' });
    bench.clock.advance(retentionMs);
    expect(await bench.store.requests.sweep(10)).to.equal(1);
    expect(await bench.store.outbox.deliveriesOf(id)).to.equal(null);
  });
}
