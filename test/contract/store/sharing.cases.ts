import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { queue } from '#core/destination.js';
import type { OutboxDelivery } from '#core/ports/outbox.js';
import { newMessage } from '../../support/messages.js';
import { newReply, newRequest } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';
import { newEvent } from './event-bench.js';

/** What holds where several processes have the same store open; each title is what a store for one process skips. */
export const sharingCases = [
  'is the same store for all who have it open',
  'creates one request of a hundred equal posts over three instances',
  'hands out what waits to one of several that look for it at the same time',
  'hands out what a dead one was sending when its lease is over, as a resend',
  'hands out what a dead one was delivering when its lease is over, and counts nothing',
  'lets one of several end a request, whatever ends it',
  'records a reply once that several get at the same time',
  'ends a lease once, whoever says so, and queues its reply once',
  'numbers without gaps what several let in while the duty goes from one to the other',
  'does what several ask of the same requests in any order',
  'removes what is past its retention once, whoever sweeps',
] as const;

export function declareSharingCases(test: Case, bench: StoreBench): void {
  async function three(): Promise<readonly [Store, Store, Store]> {
    return [bench.store, await bench.openAnother(), await bench.openAnother()];
  }

  const owners = ['a', 'b', 'c'] as const;

  async function manyAccepted(count: number, owner: string | null): Promise<string[]> {
    const requests = Array.from({ length: count }, () => newRequest({ replyTo: 'answers' }));
    await Promise.all(requests.map((request) => bench.store.requests.accept(request, { owner, leaseMs })));
    return requests.map(({ id }) => id);
  }

  test(sharingCases[0], async () => {
    const { id } = await bench.sent();
    const other = await bench.openAnother();
    expect(other.id).to.equal(bench.store.id);
    expect(Buffer.from(other.secret).equals(bench.store.secret)).to.equal(true);
    expect(await other.requests.find(id)).to.deep.equal(await bench.record(id));
  });

  test(sharingCases[1], async () => {
    const stores = await three();
    const request = newRequest();
    const outcomes = await Promise.all(
      Array.from({ length: 99 }, (_, turn) =>
        stores[turn % 3]!.requests.accept(request, { owner: owners[turn % 3]!, leaseMs }),
      ),
    );
    const kinds = outcomes.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'created')).to.have.length(1);
    expect(kinds.filter((kind) => kind === 'joined')).to.have.length(98);
    expect(await bench.history(request.id)).to.deep.equal(['accepted']);
  });

  test(sharingCases[2], async () => {
    const stores = await three();
    const ids = await manyAccepted(300, null);
    const claims: string[] = [];
    for (let round = 0; round < 20 && claims.length < ids.length; round += 1) {
      const taken = await Promise.all(
        stores.map((store, index) =>
          store.requests.claimUnsent({ owner: owners[index]!, leaseMs, limit: 40 }),
        ),
      );
      claims.push(...taken.flat().map(({ id }) => id));
    }
    expect(claims.sort()).to.deep.equal([...ids].sort());
    for (const id of ids) await bench.store.requests.settle(newReply(id));
    const deliveries: OutboxDelivery[] = [];
    for (let round = 0; round < 20 && deliveries.length < ids.length; round += 1) {
      const taken = await Promise.all(
        stores.map((store, index) => store.outbox.claimDue({ owner: owners[index]!, leaseMs, limit: 40 })),
      );
      deliveries.push(...taken.flat());
    }
    expect(deliveries.map(({ requestId }) => requestId).sort()).to.deep.equal([...ids].sort());
  });

  test(sharingCases[3], async () => {
    const { id } = await bench.accepted();
    const other = await bench.openAnother();
    const claim = { owner: 'b', leaseMs, limit: 10 };
    bench.clock.advance(leaseMs - 1);
    expect(await other.requests.claimUnsent(claim)).to.deep.equal([]);
    bench.clock.advance(1);
    expect((await other.requests.claimUnsent(claim)).map((request) => request.id)).to.deep.equal([id]);
    expect(await bench.record(id)).to.include({ resend: 1, attempts: 2 });
  });

  test(sharingCases[4], async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    await bench.store.requests.settle(newReply(id));
    const [before] = await bench.due();
    const other = await bench.openAnother();
    const claim = { owner: 'b', leaseMs, limit: 10 };
    expect(await other.outbox.claimDue(claim)).to.deep.equal([]);
    bench.clock.advance(leaseMs);
    expect(await other.outbox.claimDue(claim)).to.deep.equal([before]);
  });

  test(sharingCases[5], async () => {
    const [first, second, third] = await three();
    for (let turn = 0; turn < 20; turn += 1) {
      const { id } = await bench.sent({ timeoutMs: 1 });
      bench.clock.advance(1);
      const [settled, cancelled, expired] = await Promise.all([
        first.requests.settle(newReply(id)),
        second.requests.cancel(id),
        third.requests.expireDue(10),
      ]);
      const winners = [settled.kind === 'settled', cancelled?.changed === true, expired.length === 1];
      expect(winners.filter(Boolean)).to.have.length(1);
      // The reply is kept in any case, and the history tells of both.
      const history = await bench.history(id);
      expect(history).to.have.length(settled.kind === 'settled' ? 3 : 4);
    }
  });

  test(sharingCases[6], async () => {
    const stores = await three();
    for (let turn = 0; turn < 20; turn += 1) {
      const { id } = await bench.sent({ replyTo: 'answers' });
      const reply = newReply(id);
      const outcomes = await Promise.all(stores.map((store) => store.requests.settle(reply)));
      expect(outcomes.map(({ kind }) => kind).sort()).to.deep.equal(['repeated', 'repeated', 'settled']);
      expect(await bench.record(id)).to.include({ replies: 1, status: 'replied' });
    }
    expect(await bench.due()).to.have.length(20);
  });

  test(sharingCases[7], async () => {
    const stores = await three();
    for (let turn = 0; turn < 20; turn += 1) {
      const key = { queue: 'work', id: `lease ${turn}`, holder: null };
      const message = newMessage({ replyTo: queue('answers') });
      await bench.store.leases.take({ ...key, message, redelivered: false, leaseMs });
      const states = await Promise.all(
        stores.map((store) => store.leases.reply(key, newMessage({}), 'fingerprint')),
      );
      expect(states.map((state) => state?.kind).sort()).to.deep.equal(['ended', 'ended', 'held']);
    }
    const outgoing = await bench.store.outgoing.claimDue({ owner: 'a', leaseMs, limit: 100 });
    expect(outgoing).to.have.length(20);
  });

  test(sharingCases[8], async () => {
    const stores = await three();
    const count = 40;
    const entering = Promise.all(
      stores.flatMap((store) => Array.from({ length: count }, () => store.events.append(newEvent('shop')))),
    );
    const sequences: number[] = [];
    for (let turn = 0; turn < 400 && sequences.length < 3 * count; turn += 1) {
      const owner = owners[turn % 3]!;
      const { events } = stores[turn % 3]!;
      if (await events.claimDuty(owner, leaseMs)) {
        const numbered = await events.number(owner, 7);
        sequences.push(...(numbered ?? []).map(({ sequence }) => sequence));
        await events.releaseDuty(owner);
      }
    }
    await entering;
    expect(sequences).to.deep.equal(Array.from({ length: 3 * count }, (_, index) => index + 1));
  });

  test(sharingCases[9], async () => {
    const stores = await three();
    const ids = await manyAccepted(60, 'a');
    // Each instance takes them in an order of its own, as brokers deliver: whoever locked them so would wait in a circle.
    const orders = [ids, [...ids].reverse(), [...ids.slice(30), ...ids.slice(0, 30)]];
    await Promise.all(
      stores.flatMap((store, index) =>
        orders[index]!.flatMap((id) => [
          store.requests.markSent(id),
          store.events.append(newEvent(null, { subject: id, kind: 'progress', percent: index })),
          store.requests.settle(newReply(id)),
        ]),
      ),
    );
    for (const id of ids) {
      const events = await bench.store.requests.events(id, 0, 100);
      expect(events.map(({ number }) => number)).to.deep.equal(events.map((_, index) => index + 1));
      expect(await bench.record(id)).to.include({ status: 'replied', replies: 3 });
    }
  });

  test(sharingCases[10], async () => {
    const stores = await three();
    const ids = await manyAccepted(60, 'a');
    for (const id of ids) await bench.store.requests.cancel(id);
    bench.clock.advance(8 * 86_400_000);
    const removed = await Promise.all(stores.map((store) => store.requests.sweep(1_000)));
    expect(removed.reduce((sum, count) => sum + count, 0)).to.equal(ids.length);
    expect(await bench.store.requests.list({ limit: 10 })).to.deep.equal([]);
  });
}
