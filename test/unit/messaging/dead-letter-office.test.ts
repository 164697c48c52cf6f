import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { Store } from '#adapters/store/store.js';
import { queue } from '#core/destination.js';
import { toMessageBlock } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { KeptLetter } from '#core/ports/dead-letters.js';
import type { DeadLetterOffice } from '#messaging/dead-letter-office.js';
import { createDeadLetterOffice } from '#messaging/dead-letter-office.js';
import { contentDigest } from '#messaging/digest.js';
import { failureOf } from '../../support/errors.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from '../../support/memory-store.js';
import { newMessage } from '../../support/messages.js';
import type { CountingMeter } from '../../support/recording.js';
import { createCountingMeter } from '../../support/recording.js';

const kinds = ['dead-letter', 'invalid'] as const;

describe('the dead letter office', () => {
  let clock: ManualClock;
  let store: Store;
  let meter: CountingMeter;
  let wakes: number;
  let office: DeadLetterOffice;

  beforeEach(() => {
    clock = createManualClock(1_700_000_000_000);
    store = openMemoryStore(clock);
    meter = createCountingMeter();
    wakes = 0;
    office = createDeadLetterOffice({
      ...{ letters: store.deadLetters, clock, meter },
      onOutgoing: () => (wakes += 1),
    });
  });
  afterEach(() => store.close());

  async function kept(message: Message = newMessage()): Promise<KeptLetter> {
    await store.deadLetters.keep({
      ...{
        id: randomUUID(),
        kind: 'dead-letter',
        reason: '',
        queue: 'work',
        headers: {},
        body: message.body,
      },
      again: { destination: queue('work'), message: toMessageBlock(message) },
    });
    const number = await store.deadLetters.newest();
    return (await store.deadLetters.find({ number, kinds }))!;
  }
  const sent = async (): Promise<Message[]> =>
    (await store.outgoing.claimDue({ owner: 'a', leaseMs: 1, limit: 100_000 })).map(({ message }) => message);
  const never = (): boolean => false;

  it('changes in a message what was edited, and says anew what the message says of its body', async () => {
    const properties = { project: 'shop', contentDigest: 'sha-256=:old:', form: 'text' as const };
    const letter = await kept(newMessage({ properties, applicationHeaders: { 'x-a': '1' } }));
    const body = Buffer.from('new');
    const edited = await office.edit(letter, { body });
    expect(edited.again!.message).to.deep.equal({
      ...letter.again!.message,
      properties: { project: 'shop', contentDigest: contentDigest(body) },
    });
    const next = await office.edit(edited, { contentType: null, applicationHeaders: { 'x-b': '2' } });
    expect(next.again!.message).to.deep.equal({
      ...edited.again!.message,
      ...{ contentType: null, applicationHeaders: { 'x-b': '2' } },
    });
    expect([next.version, Buffer.from(next.body).toString()]).to.deep.equal([3, 'new']);
    expect(meter.counts()).to.deep.equal({ 'letters-edited': 2 });
  });

  it('gives a body without a digest none', async () => {
    const edited = await office.edit(await kept(), { body: Buffer.from('new') });
    expect(edited.again!.message.properties).to.deep.equal({});
  });

  it('says why a letter was not changed', async () => {
    const letter = await kept();
    const { number } = letter;
    await office.edit(letter, {});
    expect((await failureOf(office.edit(letter, {}))).code).to.equal('LETTER_CHANGED');
    expect((await failureOf(office.retry({ number, kinds, version: 1 }))).code).to.equal('LETTER_CHANGED');
    expect((await failureOf(office.drop({ number: 99, kinds }))).code).to.equal('LETTER_NOT_FOUND');
    const incomplete = { ...letter, again: null };
    expect((await failureOf(office.edit(incomplete, {}))).code).to.equal('LETTER_INCOMPLETE');
    expect(wakes).to.equal(0);
  });

  it('tells the relay of what is to be sent, and counts', async () => {
    const { number } = await kept();
    await office.retry({ number, kinds });
    await kept();
    await office.drop({ number: await store.deadLetters.newest(), kinds });
    expect([wakes, (await sent()).length]).to.deep.equal([1, 1]);
    expect(meter.counts()).to.deep.equal({ 'letters-retried': 1, 'letters-dropped': 1 });
  });

  it('changes many in small parts, all that were there at the beginning', async () => {
    const letters = [];
    for (let turn = 0; turn < 60; turn += 1) letters.push(kept());
    await Promise.all(letters);
    let parts = 0;
    const counting = {
      ...store.deadLetters,
      retryBatch: async (batch: Parameters<typeof store.deadLetters.retryBatch>[0]) => {
        parts += 1;
        // What is sent again fails at once and comes back.
        await kept();
        return store.deadLetters.retryBatch(batch);
      },
    };
    office = createDeadLetterOffice({ letters: counting, clock, meter, onOutgoing: () => (wakes += 1) });
    expect(await office.retryMany({ kinds }, never)).to.deep.equal({ done: 60, skipped: 0, next: null });
    expect([parts, (await sent()).length]).to.deep.equal([3, 60]);
    expect(await store.deadLetters.count()).to.include({ 'dead-letter': 3 });
    expect(meter.counts()).to.include({ 'letters-retried': 60 });
  });

  it('ends early when it takes long or is to end, and says how to go on', async () => {
    for (let turn = 0; turn < 60; turn += 1) await kept();
    const until = await store.deadLetters.newest();
    const stopped = await office.dropMany({ kinds }, () => true);
    expect(stopped).to.deep.equal({ done: 25, skipped: 0, next: { after: until - 35, until } });
    await kept();
    const slow = createDeadLetterOffice({
      letters: {
        ...store.deadLetters,
        dropBatch: (batch) => {
          clock.advance(10_000);
          return store.deadLetters.dropBatch(batch);
        },
      },
      ...{ clock, meter, onOutgoing: () => undefined },
    });
    const late = await slow.dropMany({ kinds, ...stopped.next! }, never);
    expect(late).to.deep.equal({ done: 25, skipped: 0, next: { after: until - 10, until } });
    expect(await office.dropMany({ kinds, ...late.next! }, never)).to.deep.equal({
      ...{ done: 10, skipped: 0, next: null },
    });
    expect(await store.deadLetters.count()).to.include({ 'dead-letter': 1 });
  });

  it('changes ten thousand at most at once', async () => {
    let asked = 0;
    const endless = createDeadLetterOffice({
      letters: {
        ...store.deadLetters,
        newest: () => Promise.resolve(1_000_000),
        dropBatch: ({ after }) => {
          asked += 1;
          return Promise.resolve({ done: 99, skipped: 1, through: after + 100 });
        },
      },
      ...{ clock, meter, onOutgoing: () => undefined },
    });
    expect(await endless.dropMany({ kinds }, never)).to.deep.equal({
      ...{ done: 9_900, skipped: 100, next: { after: 10_000, until: 1_000_000 } },
    });
    expect(asked).to.equal(100);
  });
});
