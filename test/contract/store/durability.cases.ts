import { expect } from 'chai';
import type { Store } from '#adapters/store/store.js';
import { failureOf, rejectionOf } from '../../support/errors.js';
import { newFaultReply, newReply, newRequest } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';

/** What a store without a place of its own, such as memory, cannot pass. */
export const placeCases = [
  'keeps everything when it is closed and opened again',
  'keeps its identity and its secret, which no other store has',
  'goes on numbering where it ended, also when it was closed meanwhile',
  'removes by age what came while the clock was years ahead, though the store was closed since',
  'has a letter in one of both places, after it was opened again as well',
  'has matched an unmatched reply or kept it after it was opened again, never both',
] as const;

/** What only a store that one process holds alone can pass. */
export const exclusiveCases = [
  'refuses to open a place that is open: STORE_LOCKED',
  'hands out at once what was being sent when it was closed, as a resend',
  'hands out at once what was being delivered when it was closed, and counts nothing',
] as const;

export function durabilityCases(test: Case, bench: StoreBench): void {
  async function everything(): Promise<unknown> {
    const { requests, gatherings, deadLetters } = bench.store;
    const records = await requests.list({ limit: 100 });
    return {
      records,
      events: await Promise.all(records.map(({ id }) => requests.events(id, 0, 100))),
      replies: await Promise.all(records.map(({ id }) => requests.findReply(id, 1))),
      gatherings: await Promise.all(records.map(({ id }) => gatherings.find(id))),
      counts: [await requests.counts(), await deadLetters.count()],
    };
  }

  test(placeCases[0], async () => {
    const { requests, handledMessages } = bench.store;
    const replied = await bench.sent({ replyTo: 'answers', body: Buffer.of(0, 1) });
    await requests.settle(newFaultReply(replied.id, { body: Buffer.of(0, 2) }));
    await requests.settle(newReply('unknown'));
    await bench.sent({ properties: { project: 'shop' } });
    await bench.accepted({}, { owner: null });
    await handledMessages.begin('q', '1');
    await bench.store.gatherings.accept({
      parent: newRequest({ queue: 'stock,price', timeoutMs: 9_000 }),
      children: ['stock', 'price'].map((queue) => ({
        request: newRequest({ id: `of ${queue}`, queue }),
        options: { owner: 'a', leaseMs },
      })),
      ...{ expect: 1, stallMs: 500 },
    });
    await requests.settle(newReply('of stock'));
    const before = await everything();
    await bench.reopen();
    expect(await everything()).to.deep.equal(before);
    expect((await bench.store.handledMessages.begin('q', '1')).deliveries).to.equal(2);
  });

  test(placeCases[1], async () => {
    const { id, secret } = bench.store;
    expect(id).to.be.a('string').and.not.equal('');
    expect(secret).to.have.length(32);
    const other = await bench.openElsewhere();
    expect(other.id).to.not.equal(id);
    expect(Buffer.from(other.secret).equals(secret)).to.equal(false);
    const again = await bench.reopen();
    expect(again.id).to.equal(id);
    expect(Buffer.from(again.secret).equals(secret)).to.equal(true);
  });

  test(exclusiveCases[1], async () => {
    const sending = await bench.accepted();
    const waiting = await bench.accepted({}, { owner: null });
    await bench.reopen();
    expect(await bench.claimed('b')).to.deep.equal([sending.id, waiting.id]);
    expect(await bench.record(sending.id)).to.include({ resend: 1, attempts: 2 });
    expect(await bench.record(waiting.id)).to.include({ resend: 0, attempts: 1 });
  });

  test(exclusiveCases[2], async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    await bench.store.requests.settle(newReply(id));
    const [before] = await bench.due();
    await bench.reopen();
    expect(await bench.due({ owner: 'b' })).to.deep.equal([before]);
  });

  test(exclusiveCases[0], async () => {
    expect((await failureOf(bench.openAnother())).code).to.equal('STORE_LOCKED');
    expect(await bench.accepted()).to.include({ status: 'accepted' });
  });

  test('answers a check by a transaction of its own, at most one a second, for all who ask', async () => {
    const { store, clock } = bench;
    const before = store.transactions();
    const made = (): number => store.transactions() - before;
    await Promise.all([store.check(), store.check()]);
    expect(made()).to.equal(1);
    clock.advance(999);
    await store.check();
    expect(made()).to.equal(1);
    clock.advance(1);
    await store.check();
    expect(made()).to.equal(2);
  });

  test('says that it is closed though a check was answered just before', async () => {
    const { store } = bench;
    await store.check();
    await store.close();
    expect((await failureOf(store.check())).code).to.equal('STORE_UNAVAILABLE');
  });

  test('finishes what was asked of it before it closes', async () => {
    const { requests } = bench.store;
    const accepting = Promise.all(
      Array.from({ length: 10 }, () => requests.accept(newRequest(), { owner: null, leaseMs })),
    );
    await bench.store.close();
    expect((await accepting).every(({ kind }) => kind === 'created')).to.equal(true);
  });

  const uses: readonly (readonly [name: string, use: (store: Store) => Promise<unknown>])[] = [
    ['accept', ({ requests }) => requests.accept(newRequest(), { owner: null, leaseMs })],
    ['markSent', ({ requests }) => requests.markSent('id')],
    ['releaseSend', ({ requests }) => requests.releaseSend('id', 'a', true)],
    ['renewSend', ({ requests }) => requests.renewSend(['id'], 'a', leaseMs)],
    ['claimUnsent', ({ requests }) => requests.claimUnsent({ owner: 'a', leaseMs, limit: 1 })],
    ['settle', ({ requests }) => requests.settle(newReply('id'))],
    ['cancel', ({ requests }) => requests.cancel('id')],
    ['giveUpSend', ({ requests }) => requests.giveUpSend('id', { code: 'X', message: 'x' })],
    ['expireDue', ({ requests }) => requests.expireDue(1)],
    ['find', ({ requests }) => requests.find('id')],
    ['findTrace', ({ requests }) => requests.findTrace(['id'])],
    ['findReply', ({ requests }) => requests.findReply('id', 1)],
    ['list', ({ requests }) => requests.list({ limit: 1 })],
    ['counts', ({ requests }) => requests.counts()],
    ['countsByQueue', ({ requests }) => requests.countsByQueue()],
    ['countsByName', ({ requests }) => requests.countsByName()],
    ['events', ({ requests }) => requests.events('id', 0, 1)],
    ['sweep', ({ requests }) => requests.sweep(1)],
    ['claimDue', ({ outbox }) => outbox.claimDue({ owner: 'a', leaseMs, limit: 1 })],
    ['the count of dead letters', ({ deadLetters }) => deadLetters.count()],
    ['begin', ({ handledMessages }) => handledMessages.begin('q', '1')],
    ['check', (store) => store.check()],
  ];

  test('rejects everything with STORE_UNAVAILABLE once it is closed', async () => {
    const { store } = bench;
    await store.close();
    const codes: Record<string, unknown> = {};
    for (const [name, use] of uses) {
      const error = await rejectionOf(use(store));
      codes[name] = (error as { code?: string }).code ?? error;
    }
    expect(codes).to.deep.equal(Object.fromEntries(uses.map(([name]) => [name, 'STORE_UNAVAILABLE'])));
    // Closing again is nothing: whoever stops last may have stopped before.
    await store.close();
  });
}
