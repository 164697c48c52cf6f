import { expect } from 'chai';
import { newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs, retentionMs } from './bench.js';

export function retentionCases(test: Case, bench: StoreBench): void {
  async function replied(replyTo: string | null = null): Promise<string> {
    const { id } = await bench.sent({ replyTo });
    await bench.store.requests.settle(newReply(id));
    return id;
  }

  test('removes an ended request with its reply and history when its retention is over, not before', async () => {
    const id = await replied();
    bench.clock.advance(retentionMs - 1);
    expect(await bench.store.requests.sweep(10)).to.equal(0);
    bench.clock.advance(1);
    expect(await bench.store.requests.sweep(10)).to.equal(1);
    const { requests } = bench.store;
    expect(await requests.find(id)).to.equal(null);
    expect(await requests.findReply(id, 1)).to.equal(null);
    expect(await requests.events(id, 0, 10)).to.deep.equal([]);
    expect(await requests.list({ limit: 10 })).to.deep.equal([]);
  });

  test('removes every way of having ended, and never what is open', async () => {
    const open = [await bench.sent(), await bench.accepted({}, { owner: null })];
    await replied();
    await bench.sent({ oneWay: true });
    await bench.store.requests.cancel((await bench.sent()).id);
    await bench.sent({ timeoutMs: 1 });
    bench.clock.advance(1);
    await bench.store.requests.expireDue(1);
    bench.clock.advance(retentionMs);
    expect(await bench.store.requests.sweep(10)).to.equal(4);
    const kept = await bench.store.requests.list({ limit: 10 });
    expect(kept.map(({ id }) => id).sort()).to.deep.equal(open.map(({ id }) => id).sort());
  });

  test('removes what ended first, as many as asked for', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      await replied();
      bench.clock.advance(1);
    }
    bench.clock.advance(retentionMs);
    const { requests } = bench.store;
    const newest = (await requests.list({ limit: 1 })).map(({ id }) => id);
    expect([await requests.sweep(2), await requests.sweep(2)]).to.deep.equal([2, 2]);
    expect((await requests.list({ limit: 10 })).map(({ id }) => id)).to.deep.equal(newest);
    expect(await requests.sweep(2)).to.equal(1);
  });

  test('keeps a request while something of it waits in the outbox', async () => {
    const id = await replied('answers');
    bench.clock.advance(retentionMs);
    expect(await bench.store.requests.sweep(10)).to.equal(0);
    const [delivery] = await bench.due();
    expect(delivery).to.include({ requestId: id });
    expect(await bench.store.requests.sweep(10)).to.equal(0);
    await bench.store.outbox.finish(delivery!.id, 'a', { kind: 'delivered' });
    expect(await bench.store.requests.sweep(10)).to.equal(1);
    bench.clock.advance(leaseMs);
    expect(await bench.due()).to.deep.equal([]);
  });

  test('takes the id of a removed request again', async () => {
    const id = await replied();
    bench.clock.advance(retentionMs);
    await bench.store.requests.sweep(10);
    expect(await bench.accepted({ id })).to.include({ status: 'accepted', replies: 0, version: 1 });
    expect(await bench.history(id)).to.deep.equal(['accepted']);
  });

  test('removes unmatched replies past their retention, and keeps dead letters and invalid messages', async () => {
    const { requests, deadLetters } = bench.store;
    await requests.settle(newReply('unknown'));
    for (const kind of ['dead-letter', 'invalid'] as const) {
      await deadLetters.keep({ id: kind, kind, reason: '', queue: 'q', headers: {}, body: Buffer.alloc(0) });
    }
    bench.clock.advance(retentionMs - 1);
    await requests.sweep(10);
    expect(await deadLetters.count()).to.include({ 'unmatched-reply': 1 });
    bench.clock.advance(1);
    await requests.sweep(10);
    expect(await deadLetters.count()).to.deep.equal({ 'dead-letter': 1, invalid: 1, 'unmatched-reply': 0 });
  });

  test('forgets what a service answered when that is past its retention', async () => {
    const { handledMessages, requests } = bench.store;
    await handledMessages.begin('q', 'old');
    bench.clock.advance(retentionMs - 1);
    await requests.sweep(10);
    expect((await handledMessages.begin('q', 'old')).deliveries).to.equal(2);
    bench.clock.advance(retentionMs);
    await requests.sweep(10);
    expect((await handledMessages.begin('q', 'old')).deliveries).to.equal(1);
  });

  test('removes no more at once than asked for, whatever it is, and says how many', async () => {
    const { handledMessages, requests, deadLetters } = bench.store;
    for (const id of ['1', '2', '3']) {
      await replied();
      await handledMessages.begin('q', id);
      await requests.settle(newReply('unknown'));
    }
    bench.clock.advance(retentionMs);
    const left = async (): Promise<readonly number[]> => [
      (await requests.list({ limit: 10 })).length,
      (await deadLetters.count())['unmatched-reply'],
    ];
    expect([await requests.sweep(2), ...(await left())]).to.deep.equal([2, 1, 3]);
    expect([await requests.sweep(2), ...(await left())]).to.deep.equal([2, 0, 2]);
    expect([await requests.sweep(3), ...(await left())]).to.deep.equal([3, 0, 0]);
    // One of the remembered is gone, the oldest.
    const deliveries = [];
    for (const id of ['1', '2', '3']) deliveries.push((await handledMessages.begin('q', id)).deliveries);
    expect(deliveries).to.deep.equal([1, 2, 2]);
    bench.clock.advance(retentionMs);
    expect([await requests.sweep(10), await requests.sweep(10)]).to.deep.equal([3, 0]);
  });
}
