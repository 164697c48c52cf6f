import { expect } from 'chai';
import type { RequestFilter } from '#core/ports/request-store.js';
import { newReply, newRequest } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';

/** A request belongs to the name that posted it. */
export function postingCases(test: Case, bench: StoreBench): void {
  const options = { owner: 'a', leaseMs };
  const list = async (filter: Partial<RequestFilter>): Promise<string[]> =>
    (await bench.store.requests.list({ limit: 100, ...filter })).map(({ id }) => id);

  test('keeps the name that posted a request', async () => {
    const { id, postedBy } = await bench.accepted({ postedBy: 'shop' });
    expect(postedBy).to.equal('shop');
    expect(await bench.record(id)).to.include({ postedBy: 'shop' });
  });

  test('counts what each name has open', async () => {
    const { requests } = bench.store;
    expect([...(await requests.countsByName())]).to.deep.equal([]);
    await bench.accepted();
    await bench.accepted({ postedBy: 'bank' });
    const cancelled = await bench.accepted({ postedBy: 'shop' });
    const replied = await bench.sent({ postedBy: 'shop' });
    const oneWay = await bench.accepted({ postedBy: 'shop', oneWay: true });
    expect(Object.fromEntries(await requests.countsByName())).to.deep.equal({ bank: 1, shop: 3 });
    await requests.cancel(cancelled.id);
    await requests.settle(newReply(replied.id));
    expect(Object.fromEntries(await requests.countsByName())).to.deep.equal({ bank: 1, shop: 1 });
    await requests.markSent(oneWay.id);
    expect(Object.fromEntries(await requests.countsByName())).to.deep.equal({ bank: 1 });
  });

  test('says taken for an id of another name, whatever was posted, and changes nothing', async () => {
    const request = newRequest({ postedBy: 'shop' });
    const { requests } = bench.store;
    await requests.accept(request, options);
    const before = await bench.record(request.id);
    for (const parts of [{}, { queue: 'other', fingerprint: 'another' }]) {
      const outcome = await requests.accept({ ...request, ...parts, postedBy: 'bank' }, options);
      expect(outcome).to.deep.equal({ kind: 'taken' });
    }
    expect(await bench.record(request.id)).to.deep.equal(before);
  });

  test('joins what the same name posted before, and says mismatch for other content of it', async () => {
    const request = newRequest({ postedBy: 'shop' });
    const { requests } = bench.store;
    await requests.accept(request, options);
    expect(await requests.accept(request, options)).to.deep.equal({
      kind: 'joined',
      record: await bench.record(request.id),
    });
    const other = await requests.accept({ ...request, fingerprint: 'another' }, options);
    expect(other).to.include({ kind: 'mismatch' });
  });

  test('says taken to a name for what nobody posted, and joins nobody with what a name posted', async () => {
    const { requests } = bench.store;
    const unnamed = newRequest();
    await requests.accept(unnamed, options);
    expect((await requests.accept({ ...unnamed, postedBy: 'shop' }, options)).kind).to.equal('taken');
    const named = newRequest({ postedBy: 'shop' });
    await requests.accept(named, options);
    expect((await requests.accept({ ...named, postedBy: null }, options)).kind).to.equal('joined');
  });

  test('accepts an id once when two names post it at the same time', async () => {
    const request = newRequest();
    const outcomes = await Promise.all(
      ['shop', 'bank'].map((postedBy) => bench.store.requests.accept({ ...request, postedBy }, options)),
    );
    expect(outcomes.map(({ kind }) => kind)).to.have.members(['created', 'taken']);
  });

  test('lists what a name posted, alone and with every other filter', async () => {
    const sent = await bench.sent({ postedBy: 'shop', queue: 'x', properties: { project: 'p' } });
    const accepted = await bench.accepted({ postedBy: 'shop', queue: 'y' });
    const foreign = await bench.sent({ postedBy: 'bank', queue: 'x', properties: { project: 'p' } });
    const unnamed = await bench.sent({ queue: 'x', properties: { project: 'p' } });
    expect(await list({ postedBy: 'shop' })).to.deep.equal([accepted.id, sent.id]);
    expect(await list({ postedBy: 'shop', limit: 1 })).to.deep.equal([accepted.id]);
    expect(await list({ postedBy: 'shop', before: accepted.id })).to.deep.equal([sent.id]);
    expect(await list({ postedBy: 'shop', status: 'sent' })).to.deep.equal([sent.id]);
    expect(await list({ postedBy: 'shop', queue: 'x' })).to.deep.equal([sent.id]);
    expect(await list({ postedBy: 'shop', project: 'p', status: 'sent', queue: 'x' })).to.deep.equal([
      sent.id,
    ]);
    expect(await list({ postedBy: 'nobody' })).to.deep.equal([]);
    expect(await list({ queue: 'x' })).to.deep.equal([unnamed.id, foreign.id, sent.id]);
  });

  test('cancels for a name what it posted, and knows nothing of the rest', async () => {
    const { requests } = bench.store;
    const own = await bench.sent({ postedBy: 'shop' });
    const foreign = await bench.sent({ postedBy: 'bank' });
    const unnamed = await bench.sent();
    expect((await requests.cancel(own.id, 'shop'))?.changed).to.equal(true);
    expect((await requests.cancel(own.id, 'shop'))?.changed).to.equal(false);
    expect(await requests.cancel(own.id, 'bank')).to.equal(null);
    expect(await requests.cancel(foreign.id, 'shop')).to.equal(null);
    expect(await requests.cancel(unnamed.id, 'shop')).to.equal(null);
    expect(await bench.record(foreign.id)).to.include({ status: 'sent' });
    expect(await bench.record(unnamed.id)).to.include({ status: 'sent' });
    expect((await requests.cancel(foreign.id, null))?.changed).to.equal(true);
  });

  test('takes over what a name posted with all that its message needs', async () => {
    const { id } = await bench.accepted({ postedBy: 'shop' }, { owner: null });
    const [claimed] = await bench.store.requests.claimUnsent({ owner: 'b', leaseMs, limit: 1 });
    expect(claimed).to.include({ id, postedBy: 'shop' });
  });
}
