import { expect } from 'chai';
import { newFaultReply, newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';

/** Requests that cannot be sent. */
export function givingUpCases(test: Case, bench: StoreBench): void {
  const fault = { code: 'SEND_REFUSED', message: 'no permission\0', retryable: false };
  const giveUp = (id: string): ReturnType<typeof bench.store.requests.giveUpSend> =>
    bench.store.requests.giveUpSend(id, fault);

  test('ends a request that cannot be sent by a Fault, which is its answer', async () => {
    const { id } = await bench.accepted({ replyTo: 'answers' });
    bench.clock.advance(40);
    const outcome = await giveUp(id);
    const record = await bench.record(id);
    expect(record).to.deep.include({ status: 'faulted', fault, replies: 1, version: 2, late: false });
    expect(record).to.include({ repliedAt: bench.clock.now(), sentAt: null, verified: null });
    const reply = await bench.store.requests.findReply(id, 1);
    expect(outcome).to.deep.equal({ kind: 'settled', record, reply });
    expect(reply).to.deep.include({
      ...{ requestId: id, number: 1, contentType: 'application/json', fault, late: false },
      ...{ properties: { fault: true }, applicationHeaders: {} },
      ...{ time: bench.clock.now(), receivedAt: bench.clock.now() },
    });
    expect(JSON.parse(Buffer.from(reply!.body).toString())).to.deep.equal(fault);
    expect(reply!.messageId).to.be.a('string').and.not.equal(id);
    expect(await bench.history(id)).to.deep.equal(['accepted', 'faulted']);
    expect((await bench.store.requests.events(id, 1, 1))[0]!.text).to.equal('given up: it could not be sent');
  });

  test('sends the Fault to the Reply-To queue, and nobody sends the request', async () => {
    const { id } = await bench.accepted({ replyTo: 'answers' }, { owner: null });
    const outcome = await giveUp(id);
    expect((await bench.due()).map(({ reply }) => reply)).to.deep.equal([outcome!.reply]);
    expect(await bench.claimed('b')).to.deep.equal([]);
    expect(await bench.store.requests.markSent(id)).to.equal(null);
    expect(await bench.store.requests.counts()).to.deep.equal({ pending: 0, unsent: 0 });
  });

  test('queues nothing for a request without Reply-To', async () => {
    await giveUp((await bench.accepted()).id);
    expect(await bench.due()).to.deep.equal([]);
  });

  test('keeps the instant at which an earlier send was confirmed', async () => {
    const { id, sentAt } = await bench.sent();
    bench.clock.advance(5);
    await giveUp(id);
    expect(await bench.record(id)).to.include({ status: 'faulted', sentAt });
  });

  test('gives nothing up that has ended, and knows nothing of a stranger', async () => {
    const cancelled = await bench.accepted({ replyTo: 'answers' });
    await bench.store.requests.cancel(cancelled.id);
    const expired = await bench.accepted({ timeoutMs: 1 });
    bench.clock.advance(1);
    await bench.store.requests.expireDue(1);
    const replied = await bench.sent();
    await bench.store.requests.settle(newReply(replied.id));
    const completed = await bench.sent({ oneWay: true });
    const refused = await bench.accepted();
    await giveUp(refused.id);
    for (const { id } of [cancelled, expired, replied, completed, refused]) {
      const before = [await bench.record(id), await bench.history(id)];
      expect(await giveUp(id)).to.equal(null);
      expect([await bench.record(id), await bench.history(id)]).to.deep.equal(before);
    }
    expect(await bench.due()).to.deep.equal([]);
    expect(await giveUp('unknown')).to.equal(null);
    expect(await bench.store.deadLetters.count()).to.include({ 'unmatched-reply': 0 });
  });

  test('keeps a reply that comes all the same as a duplicate; the Fault stays the answer', async () => {
    const { id } = await bench.accepted();
    await giveUp(id);
    const outcome = await bench.store.requests.settle(newFaultReply(id));
    expect(outcome).to.include({ kind: 'duplicate' });
    expect(await bench.record(id)).to.deep.include({ status: 'faulted', fault, replies: 2 });
  });

  test('lets exactly one of reply and Fault end a request when both come at once', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    const [given, settled] = await Promise.all([giveUp(id), bench.store.requests.settle(newReply(id))]);
    expect([given?.kind, settled.kind]).to.be.deep.oneOf([
      ['settled', 'duplicate'],
      [undefined, 'settled'],
    ]);
    expect(await bench.due()).to.have.length(1);
  });
}
