import { expect } from 'chai';
import { newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';

/** Cancel and expiry. */
export function endingCases(test: Case, bench: StoreBench): void {
  test('cancels an open request, once', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    const { requests } = bench.store;
    const first = await requests.cancel(id);
    const record = await bench.record(id);
    expect(record).to.include({ status: 'cancelled', version: 3 });
    expect(first).to.deep.equal({ record, changed: true });
    expect(await requests.cancel(id)).to.deep.equal({ record, changed: false });
    expect(await bench.record(id)).to.deep.equal(record);
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'cancelled']);
    expect(await bench.due()).to.deep.equal([]);
  });

  test('cancels a request that was not sent yet, so that nobody sends it', async () => {
    const { id } = await bench.accepted({}, { owner: null });
    await bench.store.requests.cancel(id);
    expect(await bench.claimed('b')).to.deep.equal([]);
  });

  test('cancels nothing that has ended, and knows nothing of a stranger', async () => {
    const replied = await bench.sent();
    await bench.store.requests.settle(newReply(replied.id));
    const completed = await bench.sent({ oneWay: true });
    for (const { id } of [replied, completed]) {
      const before = await bench.record(id);
      expect(await bench.store.requests.cancel(id)).to.deep.equal({ record: before, changed: false });
    }
    expect(await bench.store.requests.cancel('unknown')).to.equal(null);
  });

  test('lets exactly one of cancel and reply end a request when both come at once', async () => {
    const { id } = await bench.sent();
    const [cancelled, settled] = await Promise.all([
      bench.store.requests.cancel(id),
      bench.store.requests.settle(newReply(id)),
    ]);
    const { status } = await bench.record(id);
    expect([cancelled?.changed, settled.kind, status]).to.be.deep.oneOf([
      [true, 'late', 'cancelled'],
      [false, 'settled', 'replied'],
    ]);
  });

  test('expires a request at its deadline, not before, whether it was sent or not', async () => {
    const sent = await bench.sent({ timeoutMs: 1_000 });
    const waiting = await bench.accepted({ timeoutMs: 1_000 });
    bench.clock.advance(999);
    expect(await bench.store.requests.expireDue(10)).to.deep.equal([]);
    bench.clock.advance(1);
    const expired = await bench.store.requests.expireDue(10);
    expect(expired).to.deep.equal([await bench.record(sent.id), await bench.record(waiting.id)]);
    for (const { status, repliedAt } of expired) {
      expect([status, repliedAt]).to.deep.equal(['expired', null]);
    }
    expect(await bench.history(waiting.id)).to.deep.equal(['accepted', 'expired']);
    expect(await bench.store.requests.expireDue(10)).to.deep.equal([]);
    expect(await bench.claimed('b')).to.deep.equal([]);
  });

  test('expires what was due first, as many as asked for', async () => {
    const later = await bench.sent({ timeoutMs: 2_000 });
    const sooner = await bench.sent({ timeoutMs: 1_000 });
    bench.clock.advance(5_000);
    const ids = async (): Promise<string[]> => (await bench.store.requests.expireDue(1)).map(({ id }) => id);
    expect([await ids(), await ids(), await ids()]).to.deep.equal([[sooner.id], [later.id], []]);
  });

  test('never expires a request without a deadline, or one that has ended', async () => {
    await bench.sent();
    const replied = await bench.sent({ timeoutMs: 1_000 });
    await bench.store.requests.settle(newReply(replied.id));
    const cancelled = await bench.sent({ timeoutMs: 1_000 });
    await bench.store.requests.cancel(cancelled.id);
    bench.clock.advance(1_000_000_000);
    expect(await bench.store.requests.expireDue(10)).to.deep.equal([]);
  });

  test('queues a Fault for the Reply-To queue of an expired request, and for no other', async () => {
    const { id } = await bench.sent({
      replyTo: 'answers',
      timeoutMs: 1_000,
      properties: { conversationId: 'talk' },
    });
    await bench.sent({ timeoutMs: 1_000 });
    bench.clock.advance(1_000);
    await bench.store.requests.expireDue(10);
    const [delivery, ...others] = await bench.due();
    expect(others).to.deep.equal([]);
    expect(delivery).to.deep.include({
      requestId: id,
      queue: 'answers',
      attempts: 0,
      reply: null,
      conversationId: 'talk',
      createdAt: bench.clock.now(),
    });
    expect(delivery!.messageId).to.be.a('string').and.not.equal(id);
  });

  test('counts by queue what is open and what is unsent', async () => {
    const { requests } = bench.store;
    const byQueue = async (): Promise<unknown> => Object.fromEntries(await requests.countsByQueue());
    expect(await byQueue()).to.deep.equal({});
    const waiting = await bench.accepted({ queue: 'bills' }, { owner: null });
    const sent = await bench.sent({ queue: 'bills' });
    await bench.sent({ queue: 'orders' });
    await bench.sent({ queue: 'orders', oneWay: true });
    expect(await byQueue()).to.deep.equal({
      bills: { pending: 2, unsent: 1 },
      orders: { pending: 1, unsent: 0 },
    });
    await requests.settle(newReply(sent.id));
    await requests.cancel(waiting.id);
    expect(await byQueue()).to.deep.equal({ orders: { pending: 1, unsent: 0 } });
  });

  test('counts what is open and what is unsent', async () => {
    const { requests } = bench.store;
    expect(await requests.counts()).to.deep.equal({ pending: 0, unsent: 0 });
    const waiting = await bench.accepted({}, { owner: null });
    await bench.accepted();
    const sent = await bench.sent();
    expect(await requests.counts()).to.deep.equal({ pending: 3, unsent: 2 });
    await requests.settle(newReply(sent.id));
    await requests.cancel(waiting.id);
    expect(await requests.counts()).to.deep.equal({ pending: 1, unsent: 1 });
  });
}
