import { expect } from 'chai';
import { toReplytoError } from '#core/errors.js';
import type { IncomingReply } from '#core/request.js';
import { newFaultReply, newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import { awkwardTexts } from './accepting.cases.js';
import type { StoreBench } from './bench.js';
import { placeCases } from './durability.cases.js';

const kinds = ['unmatched-reply'] as const;

/** Unmatched replies for which somebody names the request. */
export function matchingCases(test: Case, bench: StoreBench): void {
  /** A reply that came to nobody's request; its number. */
  async function unmatched(reply: IncomingReply = newReply('unknown')): Promise<number> {
    await bench.store.requests.settle(reply);
    return bench.store.deadLetters.newest();
  }
  const match = (number: number, id: string): ReturnType<typeof bench.store.deadLetters.match> =>
    bench.store.deadLetters.match({ number, kinds }, id);
  const left = async (): Promise<number> => (await bench.store.deadLetters.count())['unmatched-reply'];

  test('shows an unmatched reply with all that it says', async () => {
    const reply = newReply('unknown', { body: Buffer.of(0, 1), applicationHeaders: awkwardTexts });
    const number = await unmatched(reply);
    const { body, ...block } = reply;
    expect(await bench.store.deadLetters.find({ number, kinds })).to.deep.include({
      ...{ number, kind: 'unmatched-reply', queue: '', messageId: reply.messageId, correlationId: 'unknown' },
      ...{ body, reply: block, again: null, isWhole: true },
    });
  });

  test('settles an open request with it, as if it had named that one, and removes it', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    const reply = newReply('unknown', { applicationHeaders: awkwardTexts });
    const number = await unmatched(reply);
    bench.clock.advance(40);
    const outcome = await match(number, id);
    const stored = await bench.store.requests.findReply(id, 1);
    expect(outcome).to.deep.equal({ kind: 'settled', record: await bench.record(id), reply: stored });
    expect(stored).to.deep.include({
      ...{ requestId: id, messageId: reply.messageId, body: reply.body, applicationHeaders: awkwardTexts },
      ...{ late: false, receivedAt: bench.clock.now() },
    });
    expect(await bench.record(id)).to.include({ status: 'replied', repliedAt: bench.clock.now() });
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'replied']);
    expect((await bench.due()).map(({ reply: due }) => due)).to.deep.equal([stored]);
    expect(await left()).to.equal(0);
    expect(await match(number, id)).to.deep.equal({ kind: 'unknown' });
  });

  test('ends a request as faulted by an unmatched fault', async () => {
    const { id } = await bench.sent();
    const reply = newFaultReply('unknown');
    expect(await match(await unmatched(reply), id)).to.include({ kind: 'settled' });
    expect(await bench.record(id)).to.deep.include({ status: 'faulted', fault: reply.fault });
  });

  test('keeps it as late or as a duplicate of a request that has ended', async () => {
    const expired = await bench.sent({ timeoutMs: 1, replyTo: 'answers' });
    bench.clock.advance(1);
    await bench.store.requests.expireDue(1);
    const replied = await bench.sent();
    await bench.store.requests.settle(newReply(replied.id));
    expect(await match(await unmatched(), expired.id)).to.include({ kind: 'late' });
    expect(await bench.record(expired.id)).to.include({ status: 'expired', late: true, replies: 1 });
    expect(await match(await unmatched(), replied.id)).to.include({ kind: 'duplicate' });
    expect(await bench.record(replied.id)).to.include({ status: 'replied', replies: 2 });
    expect(await left()).to.equal(0);
  });

  test('recognises a reply that the request has already, and removes it', async () => {
    const { id } = await bench.sent();
    const reply = newReply(id);
    await bench.store.requests.settle(reply);
    const number = await unmatched({ ...reply, correlationIds: ['unknown'] });
    expect(await match(number, id)).to.include({ kind: 'repeated' });
    expect(await bench.record(id)).to.include({ replies: 1 });
    expect(await left()).to.equal(0);
  });

  test('changes nothing for a request that is unknown, or a letter that is no unmatched reply', async () => {
    const { id } = await bench.sent();
    const before = await bench.record(id);
    const number = await unmatched();
    expect(await match(number, 'nobody')).to.deep.equal({ kind: 'no-request' });
    expect(await left()).to.equal(1);
    const { deadLetters } = bench.store;
    expect(await deadLetters.match({ number, kinds, version: 2 }, id)).to.deep.equal({ kind: 'changed' });
    expect(await deadLetters.match({ number, kinds: ['dead-letter'] }, id)).to.deep.equal({
      kind: 'unknown',
    });
    await deadLetters.keep({
      ...{ id: 'old', kind: 'unmatched-reply', reason: '', queue: '', headers: {}, body: Buffer.alloc(0) },
    });
    expect(await match(await deadLetters.newest(), id)).to.deep.equal({ kind: 'incomplete' });
    expect(await bench.record(id)).to.deep.equal(before);
    expect(await left()).to.equal(2);
  });

  test('settles one request with a reply that is matched with several at once', async () => {
    const number = await unmatched();
    const requests = await Promise.all(Array.from({ length: 8 }, () => bench.sent()));
    const outcomes = await Promise.all(
      requests.map(({ id }) =>
        match(number, id).then(
          ({ kind }) => kind as string,
          // Another was faster between reading it and removing it.
          (error: unknown) => toReplytoError(error).code,
        ),
      ),
    );
    expect(outcomes.filter((kind) => kind === 'settled')).to.have.length(1);
    const records = await Promise.all(requests.map(({ id }) => bench.record(id)));
    expect(records.filter(({ status }) => status === 'replied')).to.have.length(1);
    expect(records.filter(({ status }) => status === 'sent')).to.have.length(7);
  });

  test(placeCases[5], async () => {
    const { id } = await bench.sent();
    const number = await unmatched();
    await bench.reopen();
    expect(await left()).to.equal(1);
    await match(number, id);
    await bench.reopen();
    expect(await left()).to.equal(0);
    expect(await bench.record(id)).to.include({ status: 'replied' });
  });
}
