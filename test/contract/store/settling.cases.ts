import { expect } from 'chai';
import { newFaultReply, newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import { awkwardTexts } from './accepting.cases.js';
import type { StoreBench } from './bench.js';

/** The first reply of a request. */
export function settlingCases(test: Case, bench: StoreBench): void {
  test('settles an open request by its first reply', async () => {
    const { id } = await bench.sent();
    bench.clock.advance(40);
    const reply = newReply(id, { properties: { schema: 'price@1' }, applicationHeaders: awkwardTexts });
    const outcome = await bench.store.requests.settle(reply);
    expect(outcome.kind).to.equal('settled');
    const record = await bench.record(id);
    expect(record).to.include({ status: 'replied', repliedAt: bench.clock.now(), replies: 1, version: 3 });
    expect(record).to.include({ late: false, fault: null });
    const { messageId, time, contentType, body, properties, applicationHeaders } = reply;
    const stored = {
      ...{ messageId, time, contentType, body, properties, applicationHeaders },
      ...{ requestId: id, number: 1, fault: null, late: false, receivedAt: bench.clock.now() },
    };
    expect(outcome).to.deep.equal({ kind: 'settled', record, reply: stored });
    expect(await bench.store.requests.findReply(id, 1)).to.deep.equal(stored);
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'replied']);
  });

  test('ends a request as faulted when its first reply is a fault', async () => {
    const { id } = await bench.sent();
    const reply = newFaultReply(id);
    const outcome = await bench.store.requests.settle(reply);
    expect(outcome.kind).to.equal('settled');
    expect(await bench.record(id)).to.deep.include({ status: 'faulted', fault: reply.fault, replies: 1 });
    expect((await bench.store.requests.findReply(id, 1))?.fault).to.deep.equal(reply.fault);
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'faulted']);
  });

  test('takes a reply that comes before the receipt as proof that the request was sent', async () => {
    const { id } = await bench.accepted();
    bench.clock.advance(5);
    await bench.store.requests.settle(newReply(id));
    expect(await bench.record(id)).to.include({ status: 'replied', sentAt: bench.clock.now() });
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'replied']);
    expect(await bench.store.requests.markSent(id)).to.equal(null);
    bench.clock.advance(10 * 60_000);
    expect(await bench.claimed('b')).to.deep.equal([]);
    expect(await bench.store.requests.counts()).to.deep.equal({ pending: 0, unsent: 0 });
  });

  test('stores with a reply when the receipt came, where that is not stored yet', async () => {
    const { id } = await bench.accepted();
    bench.clock.advance(5);
    const sentAt = bench.clock.now();
    bench.clock.advance(5);
    const outcome = await bench.store.requests.settle(newReply(id), { sentAt });
    expect(outcome).to.have.property('kind', 'settled');
    expect(await bench.record(id)).to.include({ sentAt, repliedAt: bench.clock.now() });
    const events = await bench.store.requests.events(id, 0, 10);
    expect(events.map(({ number, time }) => [number, time])).to.deep.equal([
      [1, sentAt - 5],
      [2, sentAt],
      [3, bench.clock.now()],
    ]);
    const marked = await bench.sent();
    bench.clock.advance(5);
    await bench.store.requests.settle(newReply(marked.id), { sentAt: bench.clock.now() });
    expect(await bench.record(marked.id)).to.include({ sentAt: marked.sentAt });
    expect(await bench.history(marked.id)).to.deep.equal(['accepted', 'sent', 'replied']);
  });

  test('keeps the instant of the receipt when the reply comes after it', async () => {
    const { id, sentAt } = await bench.sent();
    bench.clock.advance(5);
    await bench.store.requests.settle(newReply(id));
    expect((await bench.record(id)).sentAt).to.equal(sentAt);
  });

  test('names a reply without a Message-ID of its own, the same at every reading', async () => {
    const { id } = await bench.sent();
    await bench.store.requests.settle(newReply(id, { messageId: null, replyId: 'digest' }));
    const reply = await bench.store.requests.findReply(id, 1);
    expect(reply!.messageId).to.be.a('string').and.not.equal(id);
    expect((await bench.store.requests.findReply(id, 1))!.messageId).to.equal(reply!.messageId);
  });

  test('says whether the service saw the contents that were sent, or did not say', async () => {
    const sentDigest = 'sha-256=:sent:';
    const cases = [
      { contentDigest: sentDigest, requestDigest: sentDigest, verified: true },
      { contentDigest: sentDigest, requestDigest: 'sha-256=:other:', verified: false },
      { contentDigest: sentDigest, requestDigest: undefined, verified: null },
      { contentDigest: undefined, requestDigest: sentDigest, verified: null },
    ];
    for (const { contentDigest, requestDigest, verified } of cases) {
      const { id } = await bench.sent({ properties: contentDigest === undefined ? {} : { contentDigest } });
      await bench.store.requests.settle(
        newReply(id, { properties: requestDigest === undefined ? {} : { requestDigest } }),
      );
      expect((await bench.record(id)).verified, JSON.stringify(requestDigest)).to.equal(verified);
    }
  });

  test('settles the first known of the requests that a reply may name', async () => {
    const first = await bench.sent();
    const second = await bench.sent();
    const { requests } = bench.store;
    const both = newReply('', { correlationIds: [first.id, second.id] });
    expect(await requests.settle(both)).to.deep.include({
      kind: 'settled',
      record: await bench.record(first.id),
    });
    expect(await bench.record(second.id)).to.deep.equal(second);
    const strangerFirst = newReply('', { correlationIds: ['unknown', second.id] });
    expect((await requests.settle(strangerFirst)).kind).to.equal('settled');
    expect((await bench.record(second.id)).status).to.equal('replied');
    expect(await bench.store.deadLetters.count()).to.include({ 'unmatched-reply': 0 });
  });

  test('keeps a reply to an unknown request among the unmatched, once', async () => {
    const reply = newReply('unknown', { body: Buffer.of(0, 1), applicationHeaders: awkwardTexts });
    const { requests, deadLetters } = bench.store;
    expect(await requests.settle(reply)).to.deep.equal({ kind: 'unmatched' });
    expect(await requests.settle(reply)).to.deep.equal({ kind: 'unmatched' });
    expect(await deadLetters.count()).to.deep.equal({ 'dead-letter': 0, invalid: 0, 'unmatched-reply': 1 });
    await requests.settle(newReply('unknown'));
    await requests.settle({ ...reply, correlationIds: ['another'] });
    expect(await deadLetters.count()).to.include({ 'unmatched-reply': 3 });
  });

  test('settles by exactly one of 20 different replies that come at once, and numbers all', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => bench.store.requests.settle(newReply(id))),
    );
    const kinds = outcomes.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'settled')).to.have.length(1);
    expect(kinds.filter((kind) => kind === 'duplicate')).to.have.length(19);
    const numbers = outcomes.flatMap((outcome) => ('reply' in outcome ? [outcome.reply.number] : []));
    expect(numbers.sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(await bench.due()).to.have.length(1);
  });

  test('records one reply that is delivered 20 times at once a single time', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    const reply = newReply(id);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => bench.store.requests.settle(reply)));
    expect(outcomes.filter(({ kind }) => kind === 'repeated')).to.have.length(19);
    expect(await bench.record(id)).to.include({ replies: 1, version: 3 });
    expect(await bench.due()).to.have.length(1);
  });
}
