import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import type { Message } from '#core/message.js';
import type { LapseOptions, LeaseKey, NewLease } from '#core/ports/leases.js';
import type { OutgoingMessage } from '#core/ports/outgoing-messages.js';
import { newMessage } from '../../support/messages.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';

/** What is promised of messages that consumers over HTTP hold, and of what they leave behind for the broker. */
export function leaseCases(test: Case, bench: StoreBench): void {
  const requestParts = { replyTo: queue('answers'), body: Buffer.from([0, 1, 0xff]) };

  async function taken(
    parts: Partial<Message> = {},
    more: Partial<NewLease> = {},
  ): Promise<LeaseKey & { message: Message }> {
    const message = newMessage({ ...requestParts, ...parts });
    const key = { queue: 'work', id: randomUUID(), holder: null };
    const lease = await bench.store.leases.take({ ...key, message, redelivered: false, leaseMs, ...more });
    expect(lease).to.deep.equal({
      id: key.id,
      queue: 'work',
      message,
      expiresAt: bench.clock.now() + leaseMs,
    });
    return { ...key, ...(more.holder === undefined ? {} : { holder: more.holder }), message };
  }

  const outgoing = (owner = 'a'): Promise<OutgoingMessage[]> =>
    bench.store.outgoing.claimDue({ owner, leaseMs, limit: 100 });

  const lapse = (options: Partial<LapseOptions> = {}): ReturnType<typeof bench.store.leases.lapseDue> =>
    bench.store.leases.lapseDue({ limit: 100, maxAttempts: 5, toFault: () => null, ...options });

  test('keeps a leased message with all that it says, for its holder alone', async () => {
    const key = await taken({}, { holder: 'ann' });
    const state = await bench.store.leases.find(key);
    expect(state).to.deep.include({ kind: 'held' });
    expect(state?.kind === 'held' && state.lease.message).to.deep.equal(key.message);
    for (const other of [
      { ...key, holder: null },
      { ...key, holder: 'bob' },
      { ...key, queue: 'other' },
    ]) {
      expect(await bench.store.leases.find(other)).to.equal(null);
      expect(await bench.store.leases.acknowledge(other)).to.equal(null);
      expect(await bench.store.leases.release(other, true)).to.equal(null);
    }
    expect(await bench.store.leases.acknowledge(key)).to.include({ kind: 'held' });
    expect(await outgoing()).to.deep.equal([]);
  });

  test('says how a lease ended, to whoever asks again, and changes nothing', async () => {
    const acknowledged = await taken();
    await bench.store.leases.acknowledge(acknowledged);
    const ended = { kind: 'ended', end: 'acknowledged', endedAt: bench.clock.now(), fingerprint: null };
    for (const again of ['acknowledge', 'find'] as const) {
      expect(await bench.store.leases[again](acknowledged)).to.deep.equal(ended);
    }
    expect(await bench.store.leases.renew(acknowledged, leaseMs)).to.deep.equal(ended);
    expect(await bench.store.leases.release(acknowledged, true)).to.deep.equal(ended);
    expect(await bench.store.leases.reply(acknowledged, newMessage(), 'print')).to.deep.equal(ended);
    expect(await outgoing()).to.deep.equal([]);
  });

  test('ends a lease by its reply, which goes to the reply address', async () => {
    const key = await taken();
    const reply = newMessage({ correlationId: key.message.messageId });
    expect(await bench.store.leases.reply(key, reply, 'print')).to.include({ kind: 'held' });
    const [sent, ...more] = await outgoing();
    expect(sent).to.deep.include({ destination: queue('answers'), message: reply, attempts: 0 });
    expect(more).to.deep.equal([]);
    expect(await bench.store.leases.find(key)).to.include({ end: 'replied', fingerprint: 'print' });
  });

  test('gives a released message back to its queue, raising its attempt when it was worked on', async () => {
    for (const [counts, attempt] of [
      [true, 2],
      [false, undefined],
    ] as const) {
      const key = await taken();
      await bench.store.leases.release(key, counts);
      const [back] = await outgoing(randomUUID());
      expect(back!.destination).to.deep.equal(queue('work'));
      expect(back!.message.messageId).to.equal(key.message.messageId);
      expect(back!.message.body).to.deep.equal(key.message.body);
      expect(back!.message.properties.attempt).to.equal(attempt);
    }
  });

  test('ends nothing that is renewed, and everything else when its time is over', async () => {
    const renewed = await taken();
    const lapsed = await taken();
    bench.clock.advance(leaseMs - 1);
    const state = await bench.store.leases.renew(renewed, leaseMs);
    expect(state?.kind === 'held' && state.lease.expiresAt).to.equal(bench.clock.now() + leaseMs);
    expect(await lapse()).to.deep.equal([]);
    bench.clock.advance(1);
    // Before anybody has looked for it.
    expect(await bench.store.leases.acknowledge(lapsed)).to.include({ kind: 'ended', end: 'lapsed' });
    expect(await lapse()).to.deep.equal([
      { queue: 'work', messageId: lapsed.message.messageId, attempt: 1, isDead: false },
    ]);
    expect(await lapse()).to.deep.equal([]);
    expect((await outgoing()).map(({ message }) => message.properties.attempt)).to.deep.equal([2]);
    expect(await bench.store.leases.find(lapsed)).to.include({ end: 'lapsed' });
    expect(await bench.store.leases.find(renewed)).to.include({ kind: 'held' });
  });

  test('keeps a message whose lease ran out too often as a dead letter, and queues the fault for its sender', async () => {
    const fault = newMessage();
    await taken({ properties: { attempt: 5 } });
    await taken({ properties: { attempt: 5 }, replyTo: null });
    bench.clock.advance(leaseMs);
    const lapses = await lapse({ toFault: (message) => (message.replyTo === null ? null : fault) });
    expect(lapses.map(({ isDead }) => isDead)).to.deep.equal([true, true]);
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 2 });
    const sent = await outgoing();
    expect(sent.map(({ message, destination }) => [message.messageId, destination.name])).to.deep.equal([
      [fault.messageId, 'answers'],
    ]);
  });

  test('recognises a message that it holds when the broker delivers it again, and takes it otherwise', async () => {
    const { message } = await taken();
    const again = { queue: 'work', id: randomUUID(), holder: null, message, leaseMs };
    expect(await bench.store.leases.take({ ...again, redelivered: true })).to.equal(false);
    expect(await bench.store.leases.find(again)).to.equal(null);
    // A sender may use an id twice; only the broker knows whether it is the same message.
    expect(await bench.store.leases.take({ ...again, redelivered: false })).to.not.equal(false);
    const other = { ...message, body: Buffer.from('other') };
    const alike = { ...again, id: randomUUID(), redelivered: true, message: other };
    expect(await bench.store.leases.take(alike)).to.not.equal(false);
    const elsewhere = { ...again, id: randomUUID(), queue: 'other', redelivered: true };
    expect(await bench.store.leases.take(elsewhere)).to.not.equal(false);
  });

  test('recognises what was acknowledged or answered when the broker delivers it again, not what went back', async () => {
    const ends = {
      acknowledge: (key: LeaseKey) => bench.store.leases.acknowledge(key),
      reply: (key: LeaseKey) => bench.store.leases.reply(key, newMessage(), 'print'),
      release: (key: LeaseKey) => bench.store.leases.release(key, true),
    };
    for (const [how, end] of Object.entries(ends)) {
      const key = await taken();
      await end(key);
      const { message } = key;
      const again = { ...key, id: randomUUID(), message, leaseMs, redelivered: true };
      const lease = await bench.store.leases.take(again);
      expect(lease !== false, how).to.equal(how === 'release');
    }
  });

  test('hands an outgoing message to one owner at a time, counts refusals alone, and forgets it once delivered', async () => {
    await bench.store.leases.release(await taken(), true);
    const [first] = await outgoing('a');
    expect(await outgoing('b')).to.deep.equal([]);
    const { outgoing: port } = bench.store;
    await port.finish(first!.id, 'b', { kind: 'delivered' });
    await port.finish(first!.id, 'a', { kind: 'postponed', error: 'away', retryMs: 0 });
    const [second] = await outgoing('b');
    expect(second!.attempts).to.equal(0);
    await port.finish(first!.id, 'b', { kind: 'refused', error: 'no', retryMs: 1_000 });
    expect(await outgoing('b')).to.deep.equal([]);
    bench.clock.advance(1_000);
    const [third] = await outgoing('b');
    expect(third!.attempts).to.equal(1);
    bench.clock.advance(leaseMs);
    const [fourth] = await outgoing('c');
    await port.finish(fourth!.id, 'c', { kind: 'delivered' });
    bench.clock.advance(leaseMs);
    expect(await outgoing('d')).to.deep.equal([]);
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 0 });
  });

  test('keeps an outgoing message that the broker never takes as a dead letter', async () => {
    await bench.store.leases.release(await taken(), true);
    const [message] = await outgoing();
    await bench.store.outgoing.finish(message!.id, 'a', { kind: 'dead', error: 'no' });
    bench.clock.advance(leaseMs);
    expect(await outgoing()).to.deep.equal([]);
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 1 });
  });

  test('keeps an outgoing message for its owner while that renews the lease', async () => {
    await bench.store.leases.release(await taken(), true);
    const [message] = await outgoing();
    bench.clock.advance(leaseMs - 1);
    await bench.store.outgoing.renew([message!.id], 'b', leaseMs);
    await bench.store.outgoing.renew([message!.id], 'a', leaseMs);
    bench.clock.advance(leaseMs - 1);
    expect(await outgoing('b')).to.deep.equal([]);
    bench.clock.advance(1);
    expect(await outgoing('b')).to.have.length(1);
  });

  test('moves and claims no more once there are enough bytes', async () => {
    for (const size of [10, 10, 30]) {
      await taken({ body: Buffer.alloc(size) });
      bench.clock.advance(1);
    }
    bench.clock.advance(leaseMs);
    expect(await lapse({ enoughBytes: 20 })).to.have.length(2);
    expect(await lapse({ enoughBytes: 20 })).to.have.length(1);
    const claim = { owner: 'a', leaseMs, limit: 10, enoughBytes: 20 };
    expect(await bench.store.outgoing.claimDue(claim)).to.have.length(2);
    expect(await bench.store.outgoing.claimDue(claim)).to.have.length(1);
  });

  test('claims outgoing messages of one queue, or of all but some', async () => {
    await bench.store.leases.release(await taken(), true);
    await bench.store.leases.reply(await taken(), newMessage(), 'print');
    const { outgoing: port } = bench.store;
    const claim = { owner: 'a', leaseMs, limit: 10 };
    expect(await port.claimDue({ ...claim, queue: 'nobody' })).to.deep.equal([]);
    const [work] = await port.claimDue({ ...claim, exceptQueues: ['answers'] });
    expect(work!.destination.name).to.equal('work');
    const [answers] = await port.claimDue({ ...claim, queue: 'answers' });
    expect(answers!.destination.name).to.equal('answers');
  });

  test('forgets how a lease ended after an hour, and never one that is held', async () => {
    const ended = await taken();
    await bench.store.leases.acknowledge(ended);
    const held = await taken({}, {});
    await bench.store.leases.renew(held, 7_200_000);
    bench.clock.advance(3_600_000 - 1);
    await bench.store.requests.sweep(10);
    expect(await bench.store.leases.find(ended)).to.include({ end: 'acknowledged' });
    bench.clock.advance(1);
    expect(await bench.store.requests.sweep(10)).to.equal(1);
    expect(await bench.store.leases.find(ended)).to.equal(null);
    expect(await bench.store.leases.find(held)).to.include({ kind: 'held' });
  });
}
