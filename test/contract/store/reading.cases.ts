import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { RequestFilter } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import { newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';

export function readingCases(test: Case, bench: StoreBench): void {
  const list = async (filter: Partial<RequestFilter> = {}): Promise<string[]> =>
    (await bench.store.requests.list({ limit: 100, ...filter })).map(({ id }) => id);

  test('finds nothing of what is not kept', async () => {
    const { requests } = bench.store;
    const { id } = await bench.sent();
    expect(await requests.find('unknown')).to.equal(null);
    expect(await requests.findReply('unknown', 1)).to.equal(null);
    expect(await requests.findReply(id, 1)).to.equal(null);
    expect(await list({ queue: 'unknown' })).to.deep.equal([]);
  });

  test('finds the trace that came with the first request that is known', async () => {
    const { requests } = bench.store;
    const traced = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'vendor=1' };
    const { id } = await bench.sent({ properties: { ...traced, project: 'p' } });
    const other = await bench.sent();
    expect(await requests.findTrace(['unknown', id, other.id])).to.deep.equal(traced);
    expect(await requests.findTrace([other.id, id])).to.deep.equal({});
    expect(await requests.findTrace(['unknown'])).to.equal(null);
  });

  test('lists the newest first, page after page', async () => {
    const ids: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) ids.unshift((await bench.accepted()).id);
    expect(await list()).to.deep.equal(ids);
    expect(await list({ limit: 2 })).to.deep.equal(ids.slice(0, 2));
    expect(await list({ limit: 2, before: ids[1]! })).to.deep.equal(ids.slice(2, 4));
    expect(await list({ before: ids[4]! })).to.deep.equal([]);
    expect(await bench.store.requests.list({ limit: 1 })).to.deep.equal([await bench.record(ids[0]!)]);
  });

  test('goes on where a page ended though requests came in between', async () => {
    const older = await bench.accepted();
    const cursor = await bench.accepted();
    await bench.accepted();
    expect(await list({ before: cursor.id })).to.deep.equal([older.id]);
  });

  test('lists nothing after a cursor that is not kept', async () => {
    await bench.accepted();
    expect(await list({ before: 'unknown' })).to.deep.equal([]);
  });

  test('lists by status, queue and project, alone and together', async () => {
    const replied = await bench.sent({ queue: 'x', properties: { project: 'shop' } });
    await bench.store.requests.settle(newReply(replied.id));
    const sent = await bench.sent({ queue: 'x' });
    const other = await bench.sent({ queue: 'y', properties: { project: 'shop' } });
    expect(await list({ status: 'sent' })).to.deep.equal([other.id, sent.id]);
    expect(await list({ queue: 'x' })).to.deep.equal([sent.id, replied.id]);
    expect(await list({ project: 'shop' })).to.deep.equal([other.id, replied.id]);
    expect(await list({ project: 'shop', queue: 'x', status: 'replied' })).to.deep.equal([replied.id]);
    expect(await list({ project: 'shop', before: other.id })).to.deep.equal([replied.id]);
    expect(await list({ status: 'expired' })).to.deep.equal([]);
  });

  const changes: readonly (readonly [name: string, change: (id: string) => Promise<unknown>])[] = [
    ['a receipt', (id) => bench.store.requests.markSent(id)],
    ['a reply', (id) => bench.store.requests.settle(newReply(id))],
    ['a cancel', (id) => bench.store.requests.cancel(id)],
    ['a clean release', (id) => bench.store.requests.releaseSend(id, 'a', false)],
    ['a release after writing', (id) => bench.store.requests.releaseSend(id, 'a', true)],
    ['a renewal', (id) => bench.store.requests.renewSend([id], 'a', leaseMs)],
    ['a take-over', () => pass(leaseMs).then(() => bench.claimed('b'))],
    ['expiry', () => pass(3_600_000).then(() => bench.store.requests.expireDue(1))],
    [
      'progress',
      (id) =>
        bench.store.events.append({
          ...{ id: randomUUID(), project: null, subject: id, kind: 'progress', percent: 1, time: 0 },
        }),
    ],
  ];

  function pass(ms: number): Promise<void> {
    bench.clock.advance(ms);
    return Promise.resolve();
  }

  for (const [name, change] of changes) {
    test(`raises the version when ${name} changes what can be seen`, async () => {
      const before = await bench.accepted({ timeoutMs: 3_600_000 });
      await change(before.id);
      const after = await bench.record(before.id);
      if (sameButVersion(before, after))
        expect(after.version).to.be.within(before.version, before.version + 1);
      else expect(after.version).to.be.greaterThan(before.version);
    });
  }
}

function sameButVersion(left: RequestRecord, right: RequestRecord): boolean {
  return JSON.stringify({ ...left, version: 0 }) === JSON.stringify({ ...right, version: 0 });
}
