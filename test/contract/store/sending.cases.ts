import { expect } from 'chai';
import { newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';

export function sendingCases(test: Case, bench: StoreBench): void {
  test('lets nobody else claim a request while its send lease holds', async () => {
    await bench.accepted();
    bench.clock.advance(leaseMs - 1);
    expect(await bench.claimed('b')).to.deep.equal([]);
  });

  test('lets another take over when the send lease ran out, as a resend', async () => {
    const { id } = await bench.accepted();
    bench.clock.advance(leaseMs);
    expect(await bench.claimed('b')).to.deep.equal([id]);
    expect(await bench.record(id)).to.include({ attempts: 2, resend: 1, status: 'accepted' });
    bench.clock.advance(leaseMs - 1);
    expect(await bench.claimed('c')).to.deep.equal([]);
    bench.clock.advance(1);
    expect(await bench.claimed('c')).to.deep.equal([id]);
    expect(await bench.record(id)).to.include({ attempts: 3, resend: 2 });
  });

  test('gives a claimed request as it is after the claim', async () => {
    await bench.accepted();
    bench.clock.advance(leaseMs);
    const [claimed] = await bench.store.requests.claimUnsent({ owner: 'b', leaseMs, limit: 1 });
    expect(claimed).to.deep.include(await bench.record(claimed!.id));
  });

  test('takes a request back that was surely not written: no attempt, no resend, free at once', async () => {
    const { id } = await bench.accepted();
    await bench.store.requests.releaseSend(id, 'a', false);
    expect(await bench.record(id)).to.include({ attempts: 0, resend: 0 });
    expect(await bench.claimed('b')).to.deep.equal([id]);
    expect(await bench.record(id)).to.include({ attempts: 1, resend: 0 });
  });

  test('takes a request back that may have been written: free at once, and the next send is a resend', async () => {
    const { id } = await bench.accepted();
    await bench.store.requests.releaseSend(id, 'a', true);
    expect(await bench.record(id)).to.include({ attempts: 1, resend: 0 });
    expect(await bench.claimed('b')).to.deep.equal([id]);
    expect(await bench.record(id)).to.include({ attempts: 2, resend: 1 });
  });

  test('keeps resend when what was taken over is given back unwritten', async () => {
    const { id } = await bench.accepted();
    bench.clock.advance(leaseMs);
    await bench.claimed('b');
    await bench.store.requests.releaseSend(id, 'b', false);
    await bench.claimed('c');
    expect(await bench.record(id)).to.include({ attempts: 2, resend: 1 });
  });

  test('ignores a release by somebody who does not hold the lease', async () => {
    const { id } = await bench.accepted();
    await bench.store.requests.releaseSend(id, 'b', false);
    expect(await bench.claimed('b')).to.deep.equal([]);
    bench.clock.advance(leaseMs);
    await bench.claimed('b');
    // The old owner comes to life again.
    await bench.store.requests.releaseSend(id, 'a', true);
    expect(await bench.claimed('c')).to.deep.equal([]);
  });

  test('ignores a release of a request that has been sent, has ended or is unknown', async () => {
    const sent = await bench.sent();
    const { id } = await bench.accepted();
    await bench.store.requests.cancel(id);
    const cancelled = await bench.record(id);
    for (const known of [sent.id, id, 'unknown']) await bench.store.requests.releaseSend(known, 'a', true);
    expect(await bench.record(sent.id)).to.deep.equal(sent);
    expect(await bench.record(id)).to.deep.equal(cancelled);
  });

  test('keeps renewed leases, of their owner alone', async () => {
    const { id } = await bench.accepted();
    const other = await bench.accepted({}, { owner: 'b' });
    bench.clock.advance(leaseMs - 1);
    await bench.store.requests.renewSend([id, other.id, 'unknown'], 'a', leaseMs);
    await bench.store.requests.renewSend([], 'a', leaseMs);
    bench.clock.advance(1);
    expect(await bench.claimed('c')).to.deep.equal([other.id]);
    bench.clock.advance(leaseMs - 2);
    expect(await bench.claimed('c')).to.deep.equal([]);
    bench.clock.advance(1);
    expect(await bench.claimed('c')).to.deep.equal([id]);
  });

  test('claims the oldest first, as many as asked for', async () => {
    const ids: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) ids.push((await bench.accepted({}, { owner: null })).id);
    expect(await bench.claimed('b', { limit: 2 })).to.deep.equal(ids.slice(0, 2));
    expect(await bench.claimed('b', { limit: 10 })).to.deep.equal(ids.slice(2));
    await bench.store.requests.releaseSend(ids[3]!, 'b', false);
    await bench.store.requests.releaseSend(ids[1]!, 'b', false);
    expect(await bench.claimed('b', { limit: 1 })).to.deep.equal([ids[1]]);
  });

  test('claims no more once there are enough bytes', async () => {
    const ids: string[] = [];
    for (const size of [10, 10, 30, 1]) {
      ids.push((await bench.accepted({ body: Buffer.alloc(size) }, { owner: null })).id);
    }
    expect(await bench.claimed('b', { enoughBytes: 20 })).to.deep.equal(ids.slice(0, 2));
    expect(await bench.claimed('b', { enoughBytes: 20 })).to.deep.equal([ids[2]]);
    expect(await bench.claimed('b', { enoughBytes: 1 })).to.deep.equal([ids[3]]);
  });

  test('claims of all but more queues than a statement has variables', async () => {
    const { id } = await bench.accepted({ queue: 'x' }, { owner: null });
    const exceptQueues = Array.from({ length: 40_000 }, (_, index) => `q"${index}`);
    expect(await bench.claimed('b', { exceptQueues: [...exceptQueues, 'x'] })).to.deep.equal([]);
    expect(await bench.claimed('b', { exceptQueues })).to.deep.equal([id]);
  });

  test('claims of one queue alone, or of all but some', async () => {
    const ids: Record<string, string> = {};
    for (const queue of ['x', 'y', 'z']) ids[queue] = (await bench.accepted({ queue }, { owner: null })).id;
    expect(await bench.claimed('b', { exceptQueues: ['x', 'y'] })).to.deep.equal([ids['z']]);
    expect(await bench.claimed('b', { queue: 'y' })).to.deep.equal([ids['y']]);
    expect(await bench.claimed('b', { queue: 'nobody' })).to.deep.equal([]);
    expect(await bench.claimed('b', { exceptQueues: [] })).to.deep.equal([ids['x']]);
  });

  test('gives each request to one of several who claim at the same time', async () => {
    const ids: string[] = [];
    for (let turn = 0; turn < 40; turn += 1) ids.push((await bench.accepted({}, { owner: null })).id);
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, index) => bench.claimed(`owner ${index}`, { limit: 10 })),
    );
    expect(claims.flat().sort()).to.deep.equal([...ids].sort());
  });

  test('claims nothing that was sent or has ended', async () => {
    await bench.sent();
    const replied = await bench.accepted();
    await bench.store.requests.settle(newReply(replied.id));
    await bench.store.requests.cancel((await bench.accepted()).id);
    await bench.accepted({ timeoutMs: 1 });
    bench.clock.advance(10 * leaseMs);
    await bench.store.requests.expireDue(10);
    expect(await bench.claimed('b')).to.deep.equal([]);
  });

  test('marks a request as sent, once', async () => {
    const { id } = await bench.accepted();
    bench.clock.advance(7);
    const sent = await bench.store.requests.markSent(id);
    expect(sent).to.include({ status: 'sent', sentAt: bench.clock.now(), version: 2 });
    expect(await bench.record(id)).to.deep.equal(sent);
    bench.clock.advance(7);
    expect(await bench.store.requests.markSent(id)).to.equal(null);
    expect(await bench.record(id)).to.deep.equal(sent);
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent']);
    expect(await bench.store.requests.markSent('unknown')).to.equal(null);
  });

  test('marks several at once, each as sent when its receipt came', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, async () => (await bench.accepted()).id));
    const now = bench.clock.now();
    bench.clock.advance(1_000);
    await Promise.all(ids.map((id, index) => bench.store.requests.markSent(id, now + index)));
    for (const [index, id] of ids.entries()) {
      expect(await bench.record(id)).to.include({ status: 'sent', sentAt: now + index });
      const [, sent] = await bench.store.requests.events(id, 0, 10);
      expect(sent).to.include({ time: now + index });
    }
  });

  test('completes a one-way request with its receipt', async () => {
    const { id } = await bench.sent({ oneWay: true, timeoutMs: 1_000 });
    expect(await bench.record(id)).to.include({ status: 'completed', sentAt: bench.clock.now() });
    expect(await bench.history(id)).to.deep.equal(['accepted', 'completed']);
    bench.clock.advance(2_000);
    expect(await bench.store.requests.expireDue(10)).to.deep.equal([]);
  });

  test('never replaces a final state by sent', async () => {
    const replied = await bench.accepted();
    await bench.store.requests.settle(newReply(replied.id));
    const cancelled = await bench.accepted();
    await bench.store.requests.cancel(cancelled.id);
    const expired = await bench.accepted({ timeoutMs: 1 });
    bench.clock.advance(1);
    await bench.store.requests.expireDue(10);
    for (const { id } of [replied, cancelled, expired]) {
      const before = await bench.record(id);
      expect(await bench.store.requests.markSent(id)).to.equal(null);
      expect(await bench.record(id)).to.deep.equal(before);
    }
  });
}
