import { expect } from 'chai';
import type { SettleOutcome } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import { newFaultReply, newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';

/** Replies that come again, that are too many, and that come too late. */
export function settlingAgainCases(test: Case, bench: StoreBench): void {
  const settle = (id: string, parts?: Parameters<typeof newReply>[1]): Promise<SettleOutcome> =>
    bench.store.requests.settle(newReply(id, parts));

  async function expired(): Promise<RequestRecord> {
    const { id } = await bench.sent({ replyTo: 'answers', timeoutMs: 1_000 });
    bench.clock.advance(1_000);
    await bench.store.requests.expireDue(10);
    return await bench.record(id);
  }

  /** What goes to Reply-To queues, one after the other. */
  async function delivered(): Promise<string[]> {
    const messages: string[] = [];
    for (;;) {
      const [delivery] = await bench.due({ limit: 1 });
      if (delivery === undefined) return messages;
      messages.push(delivery.reply?.messageId ?? 'Fault');
      await bench.store.outbox.finish(delivery.id, 'a', { kind: 'delivered' });
    }
  }

  test('ignores the very same reply when it is delivered again', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    const reply = newReply(id);
    await bench.store.requests.settle(reply);
    const before = await bench.record(id);
    bench.clock.advance(1_000);
    expect(await bench.store.requests.settle(reply)).to.deep.equal({ kind: 'repeated', record: before });
    expect(await bench.record(id)).to.deep.equal(before);
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'replied']);
    expect(await bench.due()).to.have.length(1);
  });

  test('recognises a reply by the pair of request and reply id, never by its id alone', async () => {
    const first = await bench.sent();
    const second = await bench.sent();
    const outcomes = [];
    for (const { id } of [first, second])
      outcomes.push(await settle(id, { replyId: 'same', messageId: null }));
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(['settled', 'settled']);
  });

  test('keeps a second, different reply as a duplicate; the first stays the answer', async () => {
    const { id } = await bench.sent({ replyTo: 'answers', properties: { contentDigest: 'd' } });
    await settle(id, { properties: { requestDigest: 'd' } });
    const before = await bench.record(id);
    bench.clock.advance(1_000);
    const second = newFaultReply(id, { properties: { fault: true, requestDigest: 'other' } });
    const outcome = await bench.store.requests.settle(second);
    const after = await bench.record(id);
    expect(outcome).to.deep.include({ kind: 'duplicate', record: after });
    expect(after).to.deep.equal({ ...before, replies: 2, version: before.version + 1 });
    const kept = await bench.store.requests.findReply(id, 2);
    expect(kept).to.deep.include({ number: 2, messageId: second.messageId, late: false });
    expect((await bench.store.requests.findReply(id, 1))!.messageId).to.not.equal(second.messageId);
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'replied', 'duplicate']);
    expect((await bench.due()).map(({ reply }) => reply?.number)).to.deep.equal([1]);
  });

  test('ignores a duplicate that is delivered again', async () => {
    const { id } = await bench.sent();
    await settle(id);
    const duplicate = newReply(id);
    await bench.store.requests.settle(duplicate);
    const before = await bench.record(id);
    expect((await bench.store.requests.settle(duplicate)).kind).to.equal('repeated');
    expect(await bench.record(id)).to.deep.equal(before);
  });

  test('keeps a reply after expiry as late and forwards it after the Fault', async () => {
    const { id, expiresAt } = await expired();
    bench.clock.advance(500);
    const reply = newReply(id);
    const outcome = await bench.store.requests.settle(reply);
    const record = await bench.record(id);
    expect(outcome).to.deep.include({ kind: 'late', record });
    expect(record).to.include({ status: 'expired', late: true, replies: 1, repliedAt: bench.clock.now() });
    expect(record).to.include({ expiresAt });
    expect(await bench.store.requests.findReply(id, 1)).to.include({
      late: true,
      messageId: reply.messageId,
    });
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'expired', 'late']);
    expect(await delivered()).to.deep.equal(['Fault', reply.messageId]);
  });

  test('keeps a late fault as what it is, without changing how the request ended', async () => {
    const { id } = await expired();
    const reply = newFaultReply(id);
    await bench.store.requests.settle(reply);
    expect(await bench.record(id)).to.deep.include({ status: 'expired', late: true, fault: reply.fault });
  });

  test('ignores a late reply that is delivered again', async () => {
    const { id } = await expired();
    const reply = newReply(id);
    await bench.store.requests.settle(reply);
    const before = await bench.record(id);
    expect(await bench.store.requests.settle(reply)).to.deep.equal({ kind: 'repeated', record: before });
    expect(await delivered()).to.deep.equal(['Fault', reply.messageId]);
  });

  test('forwards no second reply after a late one', async () => {
    const { id } = await expired();
    const first = newReply(id);
    await bench.store.requests.settle(first);
    expect((await settle(id)).kind).to.equal('duplicate');
    expect(await delivered()).to.deep.equal(['Fault', first.messageId]);
    expect((await bench.store.requests.findReply(id, 2))!.late).to.equal(true);
  });

  test('keeps a reply after a cancel as late and does not forward it', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    await bench.store.requests.cancel(id);
    expect((await settle(id)).kind).to.equal('late');
    expect(await bench.record(id)).to.include({ status: 'cancelled', late: true, replies: 1 });
    expect((await bench.store.requests.findReply(id, 1))!.late).to.equal(true);
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'cancelled', 'late']);
    expect(await bench.due()).to.deep.equal([]);
  });

  test('keeps a reply to a completed one-way request as late and does not forward it', async () => {
    const { id } = await bench.sent({ oneWay: true });
    expect((await settle(id)).kind).to.equal('late');
    expect(await bench.record(id)).to.include({ status: 'completed', late: true, replies: 1 });
    expect(await bench.due()).to.deep.equal([]);
  });

  test('keeps no more further replies than it is told to, but the first in any case, and knows those it has', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    const limited = (parts: Parameters<typeof newReply>[1], mostReplies = 2): Promise<SettleOutcome> =>
      bench.store.requests.settle(newReply(id, parts), { mostReplies });
    expect((await limited({ replyId: '1' }, 0)).kind).to.equal('settled');
    expect((await limited({ replyId: '2' })).kind).to.equal('duplicate');
    const before = await bench.record(id);
    expect(await limited({ replyId: '3' })).to.deep.equal({ kind: 'full', record: before });
    expect(await bench.record(id)).to.deep.equal(before);
    expect((await limited({ replyId: '2' })).kind).to.equal('repeated');
    // By another way all are kept.
    expect((await settle(id, { replyId: '3' })).kind).to.equal('duplicate');
    const late = await expired();
    const first = await bench.store.requests.settle(newReply(late.id), { mostReplies: 0 });
    expect(first.kind).to.equal('late');
  });
}
