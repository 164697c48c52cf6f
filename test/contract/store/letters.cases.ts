import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { queue } from '#core/destination.js';
import { toMessageBlock } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { DeadLetter, LetterBatch, LetterKind, LetterPageFilter } from '#core/ports/dead-letters.js';
import type { OutgoingMessage } from '#core/ports/outgoing-messages.js';
import { newMessage } from '../../support/messages.js';
import type { Case } from '../messaging/case.js';
import { awkwardTexts } from './accepting.cases.js';
import type { StoreBench } from './bench.js';
import { leaseMs } from './bench.js';
import { placeCases } from './durability.cases.js';

const deadLetterKinds = ['dead-letter', 'invalid'] as const;

/** Looking at letters, editing them, sending them again and dropping them. */
export function letterCases(test: Case, bench: StoreBench): void {
  /** A letter that says what is to be sent; its number. */
  async function kept(parts: Partial<DeadLetter> = {}, message: Message = newMessage()): Promise<number> {
    const name = parts.queue ?? 'work';
    await bench.store.deadLetters.keep({
      ...{ id: randomUUID(), kind: 'dead-letter', reason: 'no database', queue: name, headers: {} },
      body: message.body,
      again: { destination: queue(name), message: toMessageBlock(message) },
      ...parts,
    });
    return bench.store.deadLetters.newest();
  }

  const key = (
    number: number,
    version?: number,
  ): { number: number; kinds: readonly LetterKind[]; version?: number } => ({
    number,
    kinds: deadLetterKinds,
    ...(version === undefined ? {} : { version }),
  });
  const outgoing = (): Promise<OutgoingMessage[]> =>
    bench.store.outgoing.claimDue({ owner: 'a', leaseMs, limit: 1_000 });
  const list = (filter: Partial<LetterPageFilter> = {}): ReturnType<typeof bench.store.deadLetters.list> =>
    bench.store.deadLetters.list({ kinds: deadLetterKinds, limit: 10, ...filter });
  const numbersOf = async (filter: Partial<LetterPageFilter> = {}): Promise<number[]> =>
    (await list(filter)).letters.map(({ number }) => number);
  const batch = (parts: Partial<LetterBatch> = {}): LetterBatch => ({
    kinds: deadLetterKinds,
    after: 0,
    until: Number.MAX_SAFE_INTEGER,
    limit: 100,
    enoughBytes: 1_000_000,
    ...parts,
  });

  test('shows a letter with all that it says', async () => {
    const message = newMessage({
      correlationId: 'asked',
      body: Buffer.of(0, 255),
      applicationHeaders: awkwardTexts,
    });
    const number = await kept({ headers: awkwardTexts, reason: 'a\0b\\' }, message);
    const summary = {
      ...{ number, kind: 'dead-letter', queue: 'work', reason: 'a\0b\\', receivedAt: bench.clock.now() },
      ...{
        messageId: message.messageId,
        correlationId: 'asked',
        bytes: 2,
        isWhole: true,
        version: 1,
        editedAt: null,
      },
    };
    expect(await list()).to.deep.equal({ letters: [summary], next: null });
    expect(await bench.store.deadLetters.find(key(number))).to.deep.equal({
      ...summary,
      headers: awkwardTexts,
      body: message.body,
      again: { destination: queue('work'), message: toMessageBlock(message) },
      reply: null,
    });
  });

  test('knows a letter under its number and kind alone', async () => {
    const number = await kept();
    const { deadLetters } = bench.store;
    for (const other of [key(number + 1), { number, kinds: ['unmatched-reply'] as const }]) {
      expect(await deadLetters.find(other)).to.equal(null);
      expect(await deadLetters.drop(other)).to.deep.equal({ kind: 'unknown' });
      expect(await deadLetters.retry(other)).to.deep.equal({ kind: 'unknown' });
      expect(await deadLetters.edit(other, newMessage())).to.deep.equal({ kind: 'unknown' });
    }
    expect(await numbersOf()).to.deep.equal([number]);
  });

  test('gives numbers that rise and never come again', async () => {
    const first = await kept();
    await bench.store.deadLetters.drop(key(first));
    expect(await bench.store.deadLetters.newest()).to.equal(0);
    expect(await kept()).to.be.greaterThan(first);
  });

  test('lists letters of some kinds, the newest first, page by page without a gap', async () => {
    const numbers = [];
    for (const kind of ['dead-letter', 'unmatched-reply', 'invalid', 'dead-letter', 'invalid'] as const) {
      numbers.push(await kept({ kind }));
    }
    const [first, unmatched, second, third, fourth] = numbers;
    expect(await numbersOf()).to.deep.equal([fourth, third, second, first]);
    expect(await numbersOf({ kinds: ['unmatched-reply'] })).to.deep.equal([unmatched]);
    const page = await list({ limit: 3 });
    expect(page.letters).to.have.length(3);
    expect(page.next).to.equal(second);
    expect(await numbersOf({ before: page.next! })).to.deep.equal([first]);
    expect((await list({ limit: 4 })).next).to.equal(null);
  });

  test('lists letters of one queue, of queues that are allowed, and of an age', async () => {
    const old = await kept({ queue: 'x' });
    bench.clock.advance(1_000);
    const [other, young] = [await kept({ queue: 'y' }), await kept({ queue: 'x' })];
    expect(await numbersOf({ queue: 'x' })).to.deep.equal([young, old]);
    expect(await numbersOf({ queue: 'nowhere' })).to.deep.equal([]);
    expect(await numbersOf({ allows: (name) => name === 'y' })).to.deep.equal([other]);
    expect(await numbersOf({ queue: 'x', allows: (name) => name === 'y' })).to.deep.equal([]);
    expect(await numbersOf({ receivedUntil: bench.clock.now() - 1_000 })).to.deep.equal([old]);
    expect(await numbersOf({ receivedUntil: bench.clock.now() - 1_001 })).to.deep.equal([]);
  });

  test('finds the few letters that are meant among thousands of others', async () => {
    const first = await kept({ queue: 'mine' });
    const work = Array.from({ length: 2_500 }, (_, index) =>
      kept({ kind: index % 2 === 0 ? 'invalid' : 'dead-letter' }),
    );
    await Promise.all(work);
    const last = await kept({ queue: 'mine', kind: 'invalid' });
    const found: number[] = [];
    let before: number | null | undefined;
    while (before !== null) {
      const page = await list({
        allows: (name) => name === 'mine',
        ...(before === undefined ? {} : { before }),
      });
      found.push(...page.letters.map(({ number }) => number));
      before = page.next;
    }
    expect(found).to.deep.equal([last, first]);
    const dropped = [];
    let after: number | null = 0;
    while (after !== null) {
      const outcome = await bench.store.deadLetters.dropBatch(
        batch({ after, allows: (name) => name === 'mine' }),
      );
      dropped.push(outcome.done);
      after = outcome.through;
    }
    expect(dropped.reduce((sum, count) => sum + count)).to.equal(2);
    expect(await bench.store.deadLetters.count()).to.include({ 'dead-letter': 1_250, invalid: 1_250 });
  });

  test('moves a letter among the outgoing messages, as a first attempt, and knows it no more', async () => {
    const now = bench.clock.now();
    const properties = { attempt: 3, project: 'shop', expiresAt: now + 5_000, deadlineMs: 60_000 };
    const message = newMessage({ properties, replyTo: queue('answers'), applicationHeaders: awkwardTexts });
    const number = await kept({}, message);
    const { deadLetters } = bench.store;
    const outcome = await deadLetters.retry(key(number));
    expect(outcome).to.deep.include({ kind: 'done' });
    expect(outcome.kind === 'done' && outcome.letter).to.include({ number, queue: 'work' });
    const [sent, ...more] = await outgoing();
    expect(sent).to.deep.include({ destination: queue('work'), attempts: 0 });
    expect(sent!.message).to.deep.equal({
      ...message,
      properties: { project: 'shop', expiresAt: now + 5_000, deadlineMs: 5_000 },
    });
    expect(more).to.deep.equal([]);
    expect(await deadLetters.find(key(number))).to.equal(null);
    expect(await deadLetters.retry(key(number))).to.deep.equal({ kind: 'unknown' });
    expect(await outgoing()).to.deep.equal([]);
  });

  test('sends a letter without a deadline that has passed', async () => {
    const expiresAt = bench.clock.now() + 1_000;
    const number = await kept({}, newMessage({ properties: { expiresAt, deadlineMs: 1_000 } }));
    bench.clock.advance(1_000);
    await bench.store.deadLetters.retry(key(number));
    expect((await outgoing())[0]!.message.properties).to.deep.equal({});
  });

  test(placeCases[4], async () => {
    const number = await kept();
    const { deadLetters, outgoing: lost } = await bench.reopen();
    expect(await lost.claimDue({ owner: 'a', leaseMs, limit: 10 })).to.deep.equal([]);
    await deadLetters.retry(key(number));
    const again = await bench.reopen();
    expect(await again.deadLetters.count()).to.include({ 'dead-letter': 0 });
    expect(await again.outgoing.claimDue({ owner: 'a', leaseMs, limit: 10 })).to.have.length(1);
  });

  test('keeps as a new letter what is given up again', async () => {
    const number = await kept();
    await bench.store.deadLetters.retry(key(number));
    const [sent] = await outgoing();
    await bench.store.outgoing.finish(sent!.id, 'a', { kind: 'dead', error: 'no permission' });
    const [letter] = (await list()).letters;
    expect(letter).to.include({ queue: 'work', isWhole: true, messageId: sent!.message.messageId });
    expect(letter!.number).to.be.greaterThan(number);
    expect(await bench.store.deadLetters.retry(key(letter!.number))).to.include({ kind: 'done' });
    expect((await outgoing())[0]!.message).to.deep.equal(sent!.message);
  });

  test('keeps of a lease that ran out too often what sending it again needs', async () => {
    const message = newMessage({ replyTo: queue('answers'), properties: { attempt: 5 } });
    const lease = { queue: 'work', id: randomUUID(), holder: null, message, redelivered: false, leaseMs };
    await bench.store.leases.take(lease);
    bench.clock.advance(leaseMs);
    await bench.store.leases.lapseDue({ limit: 10, maxAttempts: 5, toFault: () => null });
    const [letter] = (await list()).letters;
    await bench.store.deadLetters.retry(key(letter!.number));
    const [sent] = await outgoing();
    expect(sent).to.deep.include({ destination: queue('work'), message: { ...message, properties: {} } });
  });

  test('leaves alone what does not say what is to be sent, but lets it be dropped', async () => {
    await bench.store.deadLetters.keep({
      ...{
        id: 'stranger',
        kind: 'dead-letter',
        reason: '',
        queue: 'work',
        headers: {},
        body: Buffer.alloc(0),
      },
    });
    const number = await bench.store.deadLetters.newest();
    const { deadLetters } = bench.store;
    expect((await list()).letters[0]).to.include({ isWhole: false, messageId: null, bytes: 0 });
    expect(await deadLetters.retry(key(number))).to.deep.equal({ kind: 'incomplete' });
    expect(await deadLetters.edit(key(number), newMessage())).to.deep.equal({ kind: 'incomplete' });
    expect(await deadLetters.retryBatch(batch())).to.deep.equal({ done: 0, skipped: 1, through: null });
    expect(await outgoing()).to.deep.equal([]);
    expect(await deadLetters.drop(key(number))).to.include({ kind: 'done' });
    expect(await numbersOf()).to.deep.equal([]);
  });

  test('sends what a letter was edited to, and keeps the headers as they came', async () => {
    const message = newMessage({ properties: { project: 'shop' } });
    const number = await kept({ headers: { 'x-a': 'as it came' } }, message);
    bench.clock.advance(5);
    const edited = {
      ...message,
      contentType: 'text/plain',
      body: Buffer.of(0, 1),
      applicationHeaders: { 'x-b': '2' },
    };
    const outcome = await bench.store.deadLetters.edit(key(number), edited);
    const letter = await bench.store.deadLetters.find(key(number));
    expect(outcome).to.deep.equal({ kind: 'done', letter });
    expect(letter).to.deep.include({
      ...{
        version: 2,
        editedAt: bench.clock.now(),
        bytes: 2,
        body: edited.body,
        headers: { 'x-a': 'as it came' },
      },
      again: { destination: queue('work'), message: toMessageBlock(edited) },
    });
    await bench.store.deadLetters.retry(key(number));
    expect((await outgoing())[0]!.message).to.deep.equal(edited);
  });

  test('changes nothing of a letter that is not as the caller knows it', async () => {
    const number = await kept();
    const { deadLetters } = bench.store;
    await deadLetters.edit(key(number, 1), newMessage());
    const letter = await deadLetters.find(key(number));
    for (const change of [
      () => deadLetters.edit(key(number, 1), newMessage()),
      () => deadLetters.retry(key(number, 1)),
      () => deadLetters.drop(key(number, 1)),
    ]) {
      expect(await change()).to.deep.equal({ kind: 'changed' });
    }
    expect(await deadLetters.find(key(number))).to.deep.equal(letter);
    expect(await outgoing()).to.deep.equal([]);
    expect(await deadLetters.drop(key(number, 2))).to.include({ kind: 'done' });
  });

  test('lets exactly one of many who change a letter at once have it', async () => {
    for (const version of [undefined, 1]) {
      const number = await kept();
      const { deadLetters } = bench.store;
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, (_, turn) =>
          turn % 2 === 0 ? deadLetters.retry(key(number, version)) : deadLetters.drop(key(number, version)),
        ),
      );
      expect(outcomes.filter(({ kind }) => kind === 'done')).to.have.length(1);
      expect(await deadLetters.find(key(number))).to.equal(null);
    }
    expect((await outgoing()).length).to.be.at.most(2);
  });

  test('sends many again in parts, the oldest first, up to the last that is meant', async () => {
    const numbers: number[] = [];
    for (let turn = 0; turn < 5; turn += 1)
      numbers.push(await kept({}, newMessage({ messageId: `m${turn}` })));
    const until = numbers[3]!;
    const { deadLetters } = bench.store;
    expect(await deadLetters.retryBatch(batch({ until, limit: 3 }))).to.deep.equal({
      ...{ done: 3, skipped: 0, through: numbers[2] },
    });
    expect(await deadLetters.retryBatch(batch({ until, limit: 3, after: numbers[2]! }))).to.deep.equal({
      ...{ done: 1, skipped: 0, through: null },
    });
    expect((await outgoing()).map(({ message }) => message.messageId)).to.deep.equal([
      'm0',
      'm1',
      'm2',
      'm3',
    ]);
    expect(await numbersOf()).to.deep.equal([numbers[4]]);
  });

  test('takes no further letter into a part once there are enough bytes', async () => {
    for (const size of [10, 10, 30]) await kept({}, newMessage({ body: Buffer.alloc(size) }));
    const outcome = await bench.store.deadLetters.dropBatch(batch({ enoughBytes: 20 }));
    expect(outcome).to.include({ done: 2 });
    expect(await bench.store.deadLetters.dropBatch(batch({ after: outcome.through! }))).to.deep.equal({
      ...{ done: 1, skipped: 0, through: null },
    });
  });

  test('drops by queue, kind and age what is meant, and nothing else', async () => {
    const old = await kept({ queue: 'x' });
    bench.clock.advance(1_000);
    const [young, invalid, other] = [
      await kept({ queue: 'x' }),
      await kept({ queue: 'x', kind: 'invalid' }),
      await kept({ queue: 'y' }),
    ];
    const { deadLetters } = bench.store;
    const receivedUntil = bench.clock.now() - 1_000;
    expect(await deadLetters.dropBatch(batch({ queue: 'x', receivedUntil }))).to.include({ done: 1 });
    expect(await deadLetters.find(key(old))).to.equal(null);
    expect(await deadLetters.dropBatch(batch({ queue: 'x', kinds: ['invalid'] }))).to.include({ done: 1 });
    expect(await numbersOf()).to.deep.equal([other, young]);
    expect(await deadLetters.find(key(invalid))).to.equal(null);
    expect(await deadLetters.dropBatch(batch({ kinds: ['unmatched-reply'] }))).to.deep.equal({
      ...{ done: 0, skipped: 0, through: null },
    });
  });
}
