import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { toMessageBlock } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { DeadLetter } from '#core/ports/dead-letters.js';
import type { OutboxResult } from '#core/ports/outbox.js';
import type { RequestLife } from '#core/ports/request-lives.js';
import { mostIncidents } from '#core/ports/request-lives.js';
import { newMessage } from '../../support/messages.js';
import { newFaultReply, newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';
import { newEvent } from './event-bench.js';

/** What the store tells of one request: what was as usual, and what was not. */
export function lifeCases(test: Case, bench: StoreBench): void {
  const lifeOf = async (id: string, mostEvents = 1_000): Promise<RequestLife> =>
    (await bench.store.lives.of(id, mostEvents)) ?? expect.fail(`nothing is known of ${id}`);
  const incidentsOf = async (id: string): Promise<unknown[]> =>
    (await lifeOf(id)).incidents.map(({ kind, instance, detail }) => [kind, instance, detail]);

  async function kept(message: Message, parts: Partial<DeadLetter> = {}): Promise<number> {
    await bench.store.deadLetters.keep({
      ...{ id: randomUUID(), kind: 'dead-letter', reason: 'no database', queue: 'prices', headers: {} },
      ...{ body: message.body, again: { destination: queue('prices'), message: toMessageBlock(message) } },
      ...parts,
    });
    return bench.store.deadLetters.newest();
  }

  test('knows nothing of a request that nobody posted', async () => {
    expect(await bench.store.lives.of('nobody', 10)).to.equal(null);
  });

  test('tells the usual life of a request without an incident', async () => {
    const { id, createdAt } = await bench.accepted({ replyTo: 'answers' });
    expect(await lifeOf(id)).to.deep.include({
      ...{
        record: await bench.record(id),
        endedAt: null,
        incidents: [],
        replies: [],
        leases: [],
        letters: [],
      },
      ...{ sending: { owner: 'a', until: createdAt + leaseMs }, unmatchedSince: 0, eventsLeftOut: 0 },
    });
    bench.clock.advance(5);
    await bench.store.requests.markSent(id);
    bench.clock.advance(5);
    const reply = newReply(id, { body: Buffer.from('twelve'), contentType: 'text/plain' });
    await bench.store.requests.settle(reply);
    const repliedAt = bench.clock.now();
    const [delivery] = await bench.due();
    bench.clock.advance(5);
    await bench.store.outbox.finish(delivery!.id, 'a', { kind: 'delivered' });
    const life = await lifeOf(id);
    expect(life.events.map(({ number, time, data }) => [number, time - createdAt, data])).to.deep.equal([
      [1, 0, { status: 'accepted' }],
      [2, 5, { status: 'sent' }],
      [3, 10, { status: 'replied' }],
    ]);
    expect(life).to.deep.include({ endedAt: repliedAt, sending: { owner: null, until: 0 }, incidents: [] });
    expect(life.replies).to.deep.equal([
      {
        ...{ number: 1, messageId: reply.messageId, receivedAt: repliedAt, late: false, fault: null },
        ...{ contentType: 'text/plain', bytes: 6 },
      },
    ]);
    expect(life.deliveries).to.have.length(1);
    expect(life.deliveries[0]).to.include({
      ...{ queue: 'answers', state: 'delivered', endedAt: repliedAt + 5, endedBy: 'a' },
      ...{ owner: null, nextAt: null },
    });
  });

  test('tells the code of a fault, and which of several replies came late', async () => {
    const { id } = await bench.sent({ timeoutMs: 1 });
    bench.clock.advance(1);
    await bench.store.requests.expireDue(1);
    await bench.store.requests.settle(newFaultReply(id));
    await bench.store.requests.settle(newReply(id));
    const { replies } = await lifeOf(id);
    expect(replies.map(({ number, late, fault }) => [number, late, fault])).to.deep.equal([
      [1, true, 'OUT_OF_STOCK'],
      [2, true, null],
    ]);
  });

  test('tells when a request was taken over, from whom and by whom', async () => {
    const { id } = await bench.accepted();
    bench.clock.advance(leaseMs);
    await bench.claimed('b');
    bench.clock.advance(leaseMs);
    await bench.claimed('c');
    expect(await incidentsOf(id)).to.deep.equal([
      ['sent-again', 'b', { before: 'a', count: 1 }],
      ['sent-again', 'c', { before: 'b', count: 2 }],
    ]);
    const { incidents, sending } = await lifeOf(id);
    expect(incidents.map(({ at }) => bench.clock.now() - at)).to.deep.equal([leaseMs, 0]);
    expect(sending).to.deep.equal({ owner: 'c', until: bench.clock.now() + leaseMs });
  });

  test('tells nothing of a claim of what nobody had begun to send, or what was surely not written', async () => {
    const { id } = await bench.accepted({}, { owner: null });
    await bench.claimed('b');
    await bench.store.requests.releaseSend(id, 'b', false, 'no connection');
    await bench.claimed('c');
    expect(await incidentsOf(id)).to.deep.equal([]);
  });

  test('tells why a send failed that may have reached the broker, once, and of the next one', async () => {
    const { id } = await bench.accepted();
    const said = `not confirmed \0 ${'x'.repeat(2_000)}`;
    await bench.store.requests.releaseSend(id, 'nobody', true, said);
    await bench.store.requests.releaseSend(id, 'a', true, said);
    await bench.claimed('a');
    await bench.store.requests.releaseSend(id, 'a', true);
    expect(await incidentsOf(id)).to.deep.equal([
      ['send-failed', 'a', { error: said.slice(0, 1_000) }],
      ['sent-again', 'a', { before: 'a', count: 1 }],
      ['send-failed', 'a', {}],
    ]);
  });

  test('tells every attempt of a delivery that failed, with what was said and when it is tried again', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    await bench.store.requests.settle(newReply(id));
    const end = async (owner: string, result: OutboxResult): Promise<void> => {
      const [delivery] = await bench.due({ owner });
      await bench.store.outbox.finish(delivery!.id, owner, result);
    };
    await end('a', { kind: 'refused', error: 'no right', retryMs: 1_000 });
    const nextAt = bench.clock.now() + 1_000;
    const { deliveries } = await lifeOf(id);
    expect(deliveries[0]).to.include({ state: 'waiting', nextAt, owner: null, endedBy: null });
    bench.clock.advance(1_000);
    await end('b', { kind: 'postponed', error: 'no receipt', retryMs: 0 });
    await end('b', { kind: 'dead', error: 'no right at all' });
    const detail = { queue: 'answers', reply: 1 };
    expect(await incidentsOf(id)).to.deep.equal([
      ['forward-failed', 'a', { ...detail, count: 1, error: 'no right', nextAt }],
      ['forward-failed', 'b', { ...detail, count: 1, error: 'no receipt', nextAt }],
      ['forward-given-up', 'b', { ...detail, count: 2, error: 'no right at all' }],
    ]);
    const life = await lifeOf(id);
    expect(life.deliveries[0]).to.include({ state: 'dead', endedBy: 'b', endedAt: bench.clock.now() });
    expect(life.letters.map(({ about, kind, queue: name }) => [about, kind, name])).to.deep.equal([
      ['forward', 'dead-letter', 'answers'],
    ]);
  });

  test('tells when a delivery was taken over', async () => {
    const { id } = await bench.sent({ replyTo: 'answers' });
    await bench.store.requests.settle(newReply(id));
    await bench.due({ owner: 'a' });
    const [held] = (await lifeOf(id)).deliveries;
    expect(held).to.include({ owner: 'a', nextAt: bench.clock.now() + leaseMs });
    bench.clock.advance(leaseMs);
    await bench.due({ owner: 'b' });
    expect(await incidentsOf(id)).to.deep.equal([
      ['forward-taken-over', 'b', { queue: 'answers', reply: 1, before: 'a' }],
    ]);
  });

  test('tells that a reply was matched by hand, and how long it had been kept', async () => {
    const { id } = await bench.sent();
    const keptAt = bench.clock.now();
    await bench.store.requests.settle(newReply('unknown'));
    const number = await bench.store.deadLetters.newest();
    expect((await lifeOf(id)).unmatchedSince).to.equal(1);
    bench.clock.advance(40);
    await bench.store.deadLetters.match({ number, kinds: ['unmatched-reply'] }, id);
    expect(await incidentsOf(id)).to.deep.equal([
      ['reply-matched', null, { letter: number, keptAt, reply: 1 }],
    ]);
    expect((await lifeOf(id)).unmatchedSince).to.equal(0);
  });

  test('counts unmatched replies that came after a request that waits, not those before', async () => {
    await bench.store.requests.settle(newReply('long ago'));
    bench.clock.advance(1);
    const { id } = await bench.sent();
    expect((await lifeOf(id)).unmatchedSince).to.equal(0);
    for (const other of ['one', 'two']) await bench.store.requests.settle(newReply(other));
    expect((await lifeOf(id)).unmatchedSince).to.equal(2);
  });

  test('finds letters of its message and those that name it, and no others', async () => {
    const { id } = await bench.sent();
    const own = await kept(newMessage({ messageId: id }));
    await kept(newMessage());
    const reply = newMessage({ correlationId: id });
    const invalid = await kept(reply, { kind: 'invalid', queue: 'replyto.replies', reason: 'no JSON' });
    // What strangers send is longer than an index takes.
    await kept(newMessage({ messageId: 'm'.repeat(9_000), correlationId: 'c'.repeat(9_000) }));
    const { letters } = await lifeOf(id);
    expect(letters.map(({ number, about, reason }) => [number, about, reason])).to.deep.equal([
      [invalid, 'reply', 'no JSON'],
      [own, 'request', 'no database'],
    ]);
  });

  test('goes on telling of a letter that somebody sent again or dropped', async () => {
    const { id } = await bench.sent();
    const keptAt = bench.clock.now();
    const [again, dropped, batched] = [
      await kept(newMessage({ messageId: id })),
      await kept(newMessage({ messageId: id })),
      await kept(newMessage({ correlationId: id }), { reason: 'late\0' }),
    ];
    const kinds = ['dead-letter'] as const;
    bench.clock.advance(1);
    await bench.store.deadLetters.retry({ number: again, kinds });
    await bench.store.deadLetters.drop({ number: dropped, kinds });
    await bench.store.deadLetters.dropBatch({ kinds, after: 0, until: 1_000, limit: 10, enoughBytes: 1_000 });
    const detail = { queue: 'prices', keptAt, reason: 'no database' };
    expect(await incidentsOf(id)).to.deep.equal([
      ['letter-sent-again', null, { ...detail, letter: again }],
      ['letter-dropped', null, { ...detail, letter: dropped }],
      ['letter-dropped', null, { ...detail, letter: batched, reason: 'late\0' }],
    ]);
    expect((await lifeOf(id)).letters).to.deep.equal([]);
  });

  test('tells of leases of its message, held and ended, of its queue alone', async () => {
    const { id } = await bench.sent();
    const message = newMessage({ messageId: id });
    const take = async (name: string, holder: string | null): Promise<string> => {
      const key = { id: randomUUID(), queue: name, holder };
      await bench.store.leases.take({ ...key, message, redelivered: false, leaseMs });
      return key.id;
    };
    const first = await take('prices', null);
    await take('other', null);
    await bench.store.leases.release({ id: first, queue: 'prices', holder: null }, true);
    const endedAt = bench.clock.now();
    bench.clock.advance(1);
    await take('prices', 'ann');
    expect((await lifeOf(id)).leases).to.deep.equal([
      { holder: null, expiresAt: endedAt + leaseMs, end: 'released', endedAt },
      { holder: 'ann', expiresAt: endedAt + 1 + leaseMs, end: null, endedAt: null },
    ]);
  });

  test('keeps the newest incidents of each request', async () => {
    const { id } = await bench.accepted();
    const other = await bench.accepted();
    await bench.store.requests.releaseSend(other.id, 'a', true, 'once');
    const times = mostIncidents / 2 + 5;
    for (let turn = 1; turn <= times; turn += 1) {
      await bench.store.requests.releaseSend(id, 'a', true, `time ${turn}`);
      await bench.claimed('a', { limit: 1 });
    }
    const { incidents } = await lifeOf(id);
    expect(incidents).to.have.length(mostIncidents);
    expect(incidents.at(-1)).to.deep.include({ kind: 'sent-again', detail: { before: 'a', count: times } });
    expect(incidents[0]!.detail).to.deep.equal({ error: 'time 6' });
    expect(await incidentsOf(other.id)).to.have.length(1);
  });

  test('leaves out the middle of a very long history', async () => {
    const { id } = await bench.sent();
    for (let turn = 3; turn <= 30; turn += 1)
      await bench.store.events.append(newEvent(null, { subject: id }));
    const whole = await lifeOf(id, 30);
    expect([whole.events.length, whole.eventsLeftOut]).to.deep.equal([30, 0]);
    const { events, eventsLeftOut } = await lifeOf(id, 10);
    const numbers = [1, ...Array.from({ length: 9 }, (_, index) => 22 + index)];
    expect(events.map(({ number }) => number)).to.deep.equal(numbers);
    expect(eventsLeftOut).to.equal(20);
  });
}
