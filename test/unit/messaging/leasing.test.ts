import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { Store } from '#adapters/store/store.js';
import { ownDestinations, queue, topic } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Lease } from '#core/lease.js';
import type { Message } from '#core/message.js';
import type { LeaseKey, Leases } from '#core/ports/leases.js';
import type { LeaseReply } from '#messaging/lease-reply.js';
import type { Leasing } from '#messaging/leasing.js';
import { createLeasing } from '#messaging/leasing.js';
import { createPollingConsumer } from '#messaging/polling-consumer.js';
import { failureOf } from '../../support/errors.js';
import { passTime, settled } from '../../support/event-loop.js';
import type { FakeSource } from '../../support/fake-source.js';
import { createFakeSource } from '../../support/fake-source.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { newMessage } from '../../support/messages.js';
import type { CountingMeter, RecordingLogger } from '../../support/recording.js';
import { createCountingMeter, createRecordingLogger } from '../../support/recording.js';

describe('leasing', () => {
  let clock: ManualClock;
  let source: FakeSource;
  let store: Store;
  let meter: CountingMeter;
  let logger: RecordingLogger;
  let queued: number;
  let running: Leasing[];

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    source = createFakeSource();
    store = openMemoryStore(clock);
    meter = createCountingMeter();
    logger = createRecordingLogger();
    queued = 0;
    running = [];
  });
  afterEach(async () => {
    for (const leasing of running) await leasing.stop(0);
    await store.close();
    expect(clock.pending, 'timers').to.equal(0);
  });

  function start(leases: Partial<Leases> = {}): Leasing {
    const leasing = createLeasing({
      ...{ clock, meter, logger, newId: randomUUID, newLeaseId: randomUUID, maxAttempts: 3 },
      leases: { ...store.leases, ...leases },
      consumer: createPollingConsumer({ source, clock, logger, isUp: () => true }),
      own: ownDestinations('replyto'),
      mayReplyTo: (name) => name !== 'left-out',
      checkReply: ({ body }) => Promise.resolve(body.byteLength > 0 ? null : 'it is empty'),
      onOutgoing: () => (queued += 1),
    });
    running.push(leasing);
    leasing.start();
    return leasing;
  }

  const receive = (leasing: Leasing, signal = new AbortController().signal): Promise<Lease | null> =>
    leasing.receive('q', { holder: null, leaseMs: 60_000, waitMs: 5_000, signal });

  it('acknowledges at the broker after the lease is stored, never before', async () => {
    const order: string[] = [];
    const leasing = start({
      take: async (lease) => {
        order.push(`acknowledged: ${delivery.isAcknowledged}`);
        return store.leases.take(lease);
      },
    });
    const receiving = receive(leasing);
    await settled();
    const delivery = source.deliver('q', newMessage());
    const lease = await receiving;
    expect(order).to.deep.equal(['acknowledged: false']);
    expect(delivery.isAcknowledged).to.equal(true);
    expect(await store.leases.find({ queue: 'q', id: lease!.id, holder: null })).to.include({ kind: 'held' });
    expect(meter.of('messages-leased')).to.equal(1);
  });

  it('leaves a message to the next reader when the store does not take its lease', async () => {
    let isAway = true;
    const leasing = start({
      take: (lease) =>
        isAway ? Promise.reject(new ReplytoError('STORE_UNAVAILABLE')) : store.leases.take(lease),
    });
    const failing = failureOf(receive(leasing));
    await settled();
    const delivery = source.deliver('q', newMessage());
    expect((await failing).code).to.equal('STORE_UNAVAILABLE');
    expect(delivery.isAcknowledged).to.equal(false);
    isAway = false;
    const lease = await receive(leasing);
    expect(lease!.message.messageId).to.equal(delivery.message.messageId);
    expect(delivery.isAcknowledged).to.equal(true);
  });

  it('acknowledges a message that it holds already, and waits on for another', async () => {
    const leasing = start();
    const [held, other] = [newMessage(), newMessage()];
    const first = receive(leasing);
    await settled();
    source.deliver('q', held);
    await first;
    const second = receive(leasing);
    await settled();
    const again = source.deliver('q', held, { redelivered: true });
    await settled();
    expect(again.isAcknowledged).to.equal(true);
    source.deliver('q', other);
    expect((await second)!.message.messageId).to.equal(other.messageId);
  });

  it('gives a message back, in the same attempt, that came for a caller who is gone', async () => {
    const leasing = start();
    const receiving = receive(leasing);
    await settled();
    source.deliver('q', newMessage());
    const lease = await receiving;
    const key = { queue: 'q', id: lease!.id, holder: null };
    await leasing.abandon(key);
    const [back] = await store.outgoing.claimDue({ owner: 'a', leaseMs: 1, limit: 1 });
    expect(back!.message.properties).to.not.have.property('attempt');
    // Whatever goes wrong is the log's affair: nobody is there to be told.
    await leasing.abandon({ ...key, id: 'nobody' });
    expect(logger.sentences('warn')).to.deep.equal(['a message that nobody got could not be given back']);
  });

  it('tells the sender of a message whose lease ran out too often, and keeps that as a dead letter', async () => {
    const leasing = start();
    const receiving = receive(leasing);
    await settled();
    const replyTo = queue('answers');
    source.deliver('q', newMessage({ messageId: 'm', replyTo, properties: { attempt: 3 } }));
    await receiving;
    await passTime(clock, 61_000);
    expect(queued).to.equal(1);
    const [fault] = await store.outgoing.claimDue({ owner: 'a', leaseMs: 1, limit: 10 });
    expect(fault!.destination).to.deep.equal(replyTo);
    expect(fault!.message).to.include({ correlationId: 'm' });
    expect(fault!.message.properties).to.include({ fault: true });
    expect(await store.deadLetters.count()).to.include({ 'dead-letter': 1 });
    expect(meter.counts()).to.include({ 'leases-lapsed': 1, 'messages-dead-lettered': 1 });
  });

  it('counts the attempts of a message that began with a number of its own', async () => {
    const leasing = start();
    for (const attempt of [-5, 999_999_999_999_999]) {
      const receiving = receive(leasing);
      await settled();
      source.deliver('q', newMessage({ properties: { attempt } }));
      await receiving;
    }
    await passTime(clock, 61_000);
    const back = await store.outgoing.claimDue({ owner: 'a', leaseMs: 1, limit: 10 });
    expect(back.map(({ message }) => message.properties.attempt)).to.deep.equal([2]);
    expect(await store.deadLetters.count()).to.include({ 'dead-letter': 1 });
  });

  const replyOf = (text: string): LeaseReply => ({
    ...{ messageId: null, contentType: null, applicationHeaders: {}, fault: null },
    body: Buffer.from(text),
  });

  async function leased(leasing: Leasing, parts: Partial<Message>): Promise<LeaseKey> {
    const receiving = receive(leasing);
    await settled();
    source.deliver('q', newMessage(parts));
    return { queue: 'q', holder: null, id: (await receiving)!.id };
  }

  it('keeps a lease whose reply is refused, and takes the next one', async () => {
    const leasing = start();
    const key = await leased(leasing, { replyTo: queue('replyto.replies') });
    const error = await failureOf(leasing.reply(key, replyOf('')));
    expect([error.code, error.message]).to.deep.equal(['SCHEMA_MISMATCH', 'it is empty']);
    expect(await store.leases.find(key)).to.include({ kind: 'held' });
    expect(queued).to.equal(0);
    await leasing.reply(key, replyOf('done'));
    expect(await store.outgoing.claimDue({ owner: 'a', leaseMs: 1, limit: 2 })).to.have.length(1);
    // Whoever made such a reply is told so: the same again is no repetition of it.
    expect((await failureOf(leasing.reply(key, replyOf('')))).code).to.equal('LEASE_ENDED');
  });

  it('judges no reply to a request that somebody else keeps', async () => {
    const leasing = start();
    const key = await leased(leasing, { replyTo: queue('other.replies') });
    expect(await leasing.reply(key, replyOf(''))).to.include({ repeated: false });
  });

  it('sends no reply to an address that is not for it, and lets the message be acknowledged', async () => {
    const leasing = start();
    const refused = [
      queue('replyto.dead-letters'),
      topic('replyto.control'),
      queue('a,b>'),
      queue('left-out'),
    ];
    for (const replyTo of refused) {
      const key = await leased(leasing, { replyTo });
      const error = await failureOf(leasing.reply(key, replyOf('done')));
      expect(error.code).to.equal('NO_REPLY_ADDRESS');
      expect(error.message).to.contain(`'${replyTo.name}'`);
      await leasing.acknowledge(key);
    }
    expect(meter.counts()).to.include({ 'leases-acknowledged': 4 }).and.not.have.property('leases-replied');
    expect(await store.outgoing.claimDue({ owner: 'a', leaseMs: 1, limit: 1 })).to.have.length(0);
  });

  it('tells nobody of a dead letter whose sender gave such an address', async () => {
    const leasing = start();
    await leased(leasing, { replyTo: queue('replyto.invalid'), properties: { attempt: 3 } });
    await passTime(clock, 61_000);
    expect(await store.deadLetters.count()).to.include({ 'dead-letter': 1 });
    expect(await store.outgoing.claimDue({ owner: 'a', leaseMs: 1, limit: 1 })).to.have.length(0);
  });

  it('goes on looking for leases that ran out after the store was away', async () => {
    let isAway = true;
    const leasing = start({
      lapseDue: (options) =>
        isAway ? Promise.reject(new ReplytoError('STORE_UNAVAILABLE')) : store.leases.lapseDue(options),
    });
    const receiving = receive(leasing);
    await settled();
    source.deliver('q', newMessage());
    await receiving;
    await passTime(clock, 62_000);
    expect(queued).to.equal(0);
    isAway = false;
    await passTime(clock, 1_000);
    expect(queued).to.equal(1);
  });
});
