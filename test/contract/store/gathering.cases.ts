import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { Gathering, GatheringOutcome, NewGathering } from '#core/ports/gatherings.js';
import type { NewRequest } from '#core/request.js';
import { newFaultReply, newReply, newRequest } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs, retentionMs } from './bench.js';

interface Wanted {
  readonly parent?: Partial<NewRequest>;
  readonly queues?: readonly string[];
  readonly childTimeoutMs?: number | null;
  readonly owner?: string | null;
  readonly expect?: number;
  readonly stallMs?: number | null;
}

/** Requests to several queues: parent and children. */
export function gatheringCases(test: Case, bench: StoreBench): void {
  function toGathering(wanted: Wanted = {}): NewGathering {
    const { queues = ['stock', 'price', 'image'], owner = 'a', childTimeoutMs = null } = wanted;
    const children = queues.map((queue) => ({
      request: newRequest({ queue, timeoutMs: childTimeoutMs }),
      options: { owner, leaseMs },
    }));
    const parent = newRequest({ queue: queues.join(), ...wanted.parent });
    return { parent, children, expect: wanted.expect ?? queues.length, stallMs: wanted.stallMs ?? null };
  }

  type Created = Extract<GatheringOutcome, { readonly kind: 'created' }>;

  async function scattered(wanted?: Wanted): Promise<Created> {
    const outcome = await bench.store.gatherings.accept(toGathering(wanted));
    return outcome.kind === 'created' ? outcome : expect.fail(outcome.kind);
  }

  async function found(id: string): Promise<Gathering> {
    return (await bench.store.gatherings.find(id)) ?? expect.fail(`no gathering ${id} is kept`);
  }

  /** Ends it with a reply of this text. */
  async function endWith(id: string, text: string) {
    const { news } = await found(id);
    const reply = newReply(id, { replyId: `gathered ${id}`, messageId: null, body: Buffer.from(text) });
    return bench.store.gatherings.take({
      id,
      news,
      told: [],
      then: { kind: 'replied', reply, text: 'done' },
    });
  }

  test('accepts a parent, which nobody sends, and a child for each queue', async () => {
    const { record, children } = await scattered({ owner: null, parent: { timeoutMs: 5_000 } });
    const expiresAt = bench.clock.now() + 5_000;
    expect(record).to.deep.include({ status: 'sent', children: 3, parentId: null, sentAt: null, expiresAt });
    expect(children.map(({ queue, parentId, status }) => [queue, parentId, status])).to.deep.equal([
      ['stock', record.id, 'accepted'],
      ['price', record.id, 'accepted'],
      ['image', record.id, 'accepted'],
    ]);
    expect(await bench.record(record.id)).to.deep.equal(record);
    expect(await bench.history(record.id)).to.deep.equal(['accepted', 'sent']);
    expect(await bench.store.requests.counts()).to.deep.equal({ pending: 4, unsent: 3 });
    const ids = children.map(({ id }) => id);
    expect(await bench.claimed('b')).to.deep.equal(ids);
    const gathering = await found(record.id);
    expect(gathering).to.deep.include({ record, expect: 3, stallMs: null, totalAt: expiresAt, news: [] });
    expect(gathering.children.map(({ id, replyBytes }) => [id, replyBytes])).to.deep.equal(
      ids.map((id) => [id, null]),
    );
    const listed = await bench.store.requests.list({ parent: record.id, limit: 10 });
    expect(listed.map(({ id }) => id)).to.deep.equal([...ids].reverse());
  });

  test('joins a parent that is known, without further children, and refuses another one with its id', async () => {
    const given = toGathering();
    const outcomes = await Promise.all(
      [given, { ...given, children: toGathering().children }].map((each) =>
        bench.store.gatherings.accept(each),
      ),
    );
    expect(outcomes.map(({ kind }) => kind)).to.have.members(['created', 'joined']);
    expect(await bench.store.requests.list({ parent: given.parent.id, limit: 10 })).to.have.lengthOf(3);
    const other = { ...given, parent: { ...given.parent, fingerprint: 'other', queue: 'stock,price' } };
    expect(await bench.store.gatherings.accept(other)).to.deep.equal({
      kind: 'mismatch',
      differs: ['queue'],
    });
    const single = newRequest({ id: given.parent.id, fingerprint: 'other' });
    expect(await bench.store.requests.accept(single, { owner: 'a', leaseMs })).to.include({
      kind: 'mismatch',
    });
    const stranger = { ...given, parent: { ...given.parent, postedBy: 'eve' } };
    expect(await bench.store.gatherings.accept(stranger)).to.deep.equal({ kind: 'taken' });
  });

  test('accepts nothing when one of the children cannot be', async () => {
    const taken = await bench.accepted({ id: 'taken' });
    const given = toGathering();
    const [first] = given.children;
    const child = { ...first!, request: { ...first!.request, id: taken.id } };
    const refused = await bench.store.gatherings
      .accept({ ...given, children: [...given.children.slice(1), child] })
      .catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);
    expect(await bench.store.requests.find(given.parent.id)).to.equal(null);
    expect(await bench.store.requests.counts()).to.include({ pending: 1 });
    expect(await bench.record(taken.id)).to.deep.equal(taken);
  });

  test('tells of each child that has ended, however it did, until that was looked at', async () => {
    const { record, children } = await scattered({
      queues: ['replies', 'faults', 'refused', 'cancelled', 'expires'],
      childTimeoutMs: 1_000,
    });
    const [replies, faults, refused, cancelled, expires] = children.map(({ id }) => id) as [
      string,
      string,
      string,
      string,
      string,
    ];
    const { requests, gatherings } = bench.store;
    await requests.markSent(replies);
    expect((await found(record.id)).news).to.deep.equal([]);
    await requests.settle(newReply(replies, { body: Buffer.from('12345') }));
    await requests.settle(newFaultReply(faults));
    await requests.giveUpSend(refused, { code: 'SEND_REFUSED', message: 'no' });
    await requests.cancel(cancelled);
    bench.clock.advance(1_000);
    expect((await requests.expireDue(10)).map(({ id }) => id)).to.deep.equal([expires]);
    const gathering = await found(record.id);
    expect(gathering.news).to.have.lengthOf(5);
    expect(gathering.children.map(({ status }) => status)).to.deep.equal([
      ...['replied', 'faulted', 'faulted', 'cancelled', 'expired'],
    ]);
    expect(gathering.children[0]).to.include({ replyBytes: 5, repliedAt: bench.clock.now() - 1_000 });
    // Whoever did it is to look first.
    bench.clock.advance(999);
    expect(await gatherings.due(10)).to.deep.equal([record.id]);
    await gatherings.forget(record.id, gathering.news.slice(0, 4));
    expect(await gatherings.due(10)).to.deep.equal([]);
    bench.clock.advance(1);
    expect(await gatherings.due(10)).to.deep.equal([record.id]);
    await gatherings.forget(record.id);
    expect(await gatherings.due(10)).to.deep.equal([]);
  });

  test('says nothing of requests to one queue', async () => {
    const { id } = await bench.sent();
    await bench.store.requests.settle(newReply(id));
    bench.clock.advance(10_000);
    expect(await bench.store.gatherings.due(10)).to.deep.equal([]);
    expect(await bench.store.gatherings.find(id)).to.equal(null);
    expect(await bench.store.gatherings.find('unknown')).to.equal(null);
  });

  test('ends a parent with the reply that was made for it, once, and queues that for its Reply-To', async () => {
    const { record, children } = await scattered({ parent: { replyTo: 'answers' } });
    await bench.store.requests.settle(newReply(children[0]!.id));
    const ended = await endWith(record.id, '{"complete":false}');
    expect(ended?.record).to.include({ status: 'replied', replies: 1, sentAt: null });
    expect(Buffer.from(ended!.reply!.body).toString()).to.equal('{"complete":false}');
    expect(await bench.record(record.id)).to.deep.equal(ended?.record);
    expect((await found(record.id)).news).to.deep.equal([]);
    const [delivery, ...others] = await bench.due();
    expect(others).to.deep.equal([]);
    expect(delivery).to.deep.include({ requestId: record.id, queue: 'answers', reply: ended?.reply });
    expect(await endWith(record.id, 'again')).to.equal(null);
    expect(await bench.store.requests.findReply(record.id, 1)).to.deep.equal(ended?.reply);
    expect(await bench.store.requests.findReply(record.id, 2)).to.equal(null);
    expect(await bench.history(record.id)).to.deep.equal(['accepted', 'sent', 'replied']);
  });

  test('ends a parent exactly once, whoever does it at the same time, and forgets what each has looked at', async () => {
    const { record, children } = await scattered();
    const other = await shared();
    const stores = [bench.store, other, bench.store, other];
    await Promise.all(children.map(({ id }, index) => stores[index]!.requests.settle(newReply(id))));
    const ends = await Promise.all(stores.map((store, index) => endIn(store, `end ${index}`)));
    const won = ends.filter((end) => end !== null);
    expect(won).to.have.lengthOf(1);
    expect(await bench.store.requests.findReply(record.id, 1)).to.deep.equal(won[0]?.reply);
    expect(await bench.record(record.id)).to.include({ status: 'replied', replies: 1 });
    expect((await found(record.id)).news).to.deep.equal([]);

    async function endIn(store: typeof bench.store, text: string) {
      const { news } = (await store.gatherings.find(record.id)) ?? expect.fail('it is not kept');
      const reply = newReply(record.id, { body: Buffer.from(text) });
      return store.gatherings.take({
        ...{ id: record.id, news, told: [] },
        then: { kind: 'replied', reply, text },
      });
    }
  });

  test('lets children end at the same time in several processes, with what else they change', async () => {
    const other = await shared();
    const families = await Promise.all(
      [1, 2, 3].map(() => scattered({ queues: ['one', 'two', 'three', 'four'] })),
    );
    // Parents among the children: whoever locks several rows has some of both.
    await Promise.all(
      families.flatMap(({ record, children }, family) =>
        children.flatMap(({ id }, index) => {
          const { requests, events } = (index + family) % 2 === 0 ? bench.store : other;
          const kind = 'log' as const;
          const event = { id: randomUUID(), subject: record.id, project: null, kind, time: 1 };
          return [
            requests.settle(newReply(id)),
            events.append(event),
            requests.renewSend([id], 'a', leaseMs),
          ];
        }),
      ),
    );
    for (const { record } of families) {
      const { children, news } = await found(record.id);
      expect(children.map(({ status }) => status)).to.deep.equal(Array(4).fill('replied'));
      expect(news).to.have.lengthOf(4);
    }
  });

  test('goes on with another deadline, and tells its history of each child once', async () => {
    const { record, children } = await scattered({
      parent: { timeoutMs: 10_000, properties: { project: 'shop' } },
    });
    const [first, second] = children.map(({ id, queue }, index) => ({
      ...{ id: `gathered ${id}`, subject: record.id, project: 'shop', kind: 'progress' as const },
      ...{ percent: (index + 1) * 33, text: queue, time: bench.clock.now(), data: { child: id } },
    }));
    const { gatherings } = bench.store;
    const expiresAt = bench.clock.now() + 700;
    const goOn = (told: (typeof first)[], at: number | null) =>
      gatherings.take({
        ...{ id: record.id, news: [], told: told.filter((event) => event !== undefined) },
        then: { kind: 'goes-on', expiresAt: at },
      });
    const once = await goOn([first], expiresAt);
    expect(once?.record).to.deep.include({
      status: 'sent',
      expiresAt,
      progress: { percent: 33, text: 'stock' },
    });
    expect(await bench.record(record.id)).to.deep.equal(once?.record);
    expect((await goOn([first], expiresAt))?.record.version).to.equal(once?.record.version);
    await goOn([first, second], expiresAt + 700);
    expect(await bench.history(record.id)).to.deep.equal(['accepted', 'sent', 'progress', 'progress']);
    bench.clock.advance(700);
    expect(await gatherings.due(10)).to.deep.equal([]);
    bench.clock.advance(700);
    expect(await gatherings.due(10)).to.deep.equal([record.id]);
  });

  test('expires a parent only by the step that says so, with the Fault for its Reply-To', async () => {
    const { record } = await scattered({ parent: { timeoutMs: 1_000, replyTo: 'answers' } });
    bench.clock.advance(5_000);
    expect(await bench.store.requests.expireDue(10)).to.deep.equal([]);
    expect(await bench.store.gatherings.due(10)).to.deep.equal([record.id]);
    const step = { id: record.id, news: [], told: [], then: { kind: 'expired' } } as const;
    const ended = await bench.store.gatherings.take(step);
    expect(ended?.record.status).to.equal('expired');
    expect(await bench.store.gatherings.take(step)).to.equal(null);
    expect((await bench.due()).map(({ requestId, reply }) => [requestId, reply])).to.deep.equal([
      [record.id, null],
    ]);
  });

  test('tells of a parent that was cancelled; its children are open until somebody looks', async () => {
    const { record, children } = await scattered();
    expect(await bench.store.requests.cancel(record.id)).to.include({ changed: true });
    bench.clock.advance(1_000);
    expect(await bench.store.gatherings.due(10)).to.deep.equal([record.id]);
    expect((await found(record.id)).news).to.have.lengthOf(1);
    expect(await bench.record(children[0]!.id)).to.include({ status: 'accepted' });
    expect(await endWith(record.id, 'too late')).to.equal(null);
    expect(await bench.record(record.id)).to.include({ status: 'cancelled', replies: 0 });
  });

  test('takes no reply of a service for a parent: it went to no queue', async () => {
    const { record } = await scattered();
    expect(await bench.store.requests.settle(newReply(record.id))).to.deep.equal({ kind: 'unmatched' });
    expect(await bench.record(record.id)).to.deep.equal(record);
    const fault = { code: 'SEND_REFUSED', message: 'no' };
    expect(await bench.store.requests.giveUpSend(record.id, fault)).to.equal(null);
  });

  test('removes parent and children together, when the last of them is past its retention', async () => {
    const { record, children } = await scattered();
    await bench.store.requests.settle(newReply(children[0]!.id));
    await endWith(record.id, 'done');
    await bench.store.requests.cancel(children[1]!.id);
    const { requests } = bench.store;
    bench.clock.advance(retentionMs);
    expect(await requests.sweep(100), 'while a child is open').to.equal(0);
    await requests.settle(newReply(children[2]!.id));
    bench.clock.advance(retentionMs - 1);
    expect(await requests.sweep(100), 'while a child is kept').to.equal(0);
    bench.clock.advance(1);
    expect(await requests.sweep(100)).to.equal(4);
    expect(await bench.store.gatherings.find(record.id)).to.equal(null);
    expect(await requests.list({ limit: 10 })).to.deep.equal([]);
    expect(await bench.store.gatherings.due(10), 'news of what is gone').to.deep.equal([]);
  });

  test('removes no more than asked for at once, and families whole', async () => {
    const families = [await scattered(), await scattered(), await scattered()];
    for (const { record, children } of families) {
      for (const { id } of children) await bench.store.requests.settle(newReply(id));
      await endWith(record.id, 'done');
    }
    const single = await bench.sent();
    await bench.store.requests.settle(newReply(single.id));
    bench.clock.advance(retentionMs);
    const { requests } = bench.store;
    const swept: number[] = [];
    while ((await requests.list({ limit: 100 })).length > 0 && swept.length < 20)
      swept.push(await requests.sweep(9));
    expect(Math.max(...swept)).to.be.at.most(9);
    expect(
      swept.slice(0, -1).every((removed) => removed === 9),
      `more is told of: ${swept.join()}`,
    ).to.equal(true);
  });

  test('removes a family that is larger than what is asked for at once', async () => {
    const { record, children } = await scattered();
    for (const { id } of children) await bench.store.requests.settle(newReply(id));
    await endWith(record.id, 'done');
    const single = await bench.sent();
    await bench.store.requests.settle(newReply(single.id));
    bench.clock.advance(retentionMs);
    expect(await bench.store.requests.sweep(2)).to.equal(4);
    expect(await bench.store.requests.sweep(2)).to.equal(1);
  });

  test('keeps a family while a reply of one of them waits for its queue', async () => {
    const { record, children } = await scattered({ parent: { replyTo: 'answers' } });
    for (const { id } of children) await bench.store.requests.settle(newReply(id));
    await endWith(record.id, 'done');
    bench.clock.advance(retentionMs);
    expect(await bench.store.requests.sweep(100)).to.equal(0);
    const [delivery] = await bench.due();
    await bench.store.outbox.finish(delivery!.id, 'a', { kind: 'delivered' });
    expect(await bench.store.requests.sweep(100)).to.equal(4);
  });

  /** The same store in another process, where there may be one; else the one there is. */
  function shared(): Promise<typeof bench.store> {
    return bench.store.isShared ? bench.openAnother() : Promise.resolve(bench.store);
  }
}
