import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { EventOutcome } from '#core/ports/event-log.js';
import type { StatusEvent } from '#core/status-event.js';
import { newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import { awkwardTexts } from './accepting.cases.js';
import type { StoreBench } from './bench.js';

function newEvent(subject: string, parts: Partial<StatusEvent> = {}): StatusEvent {
  return {
    id: randomUUID(),
    project: null,
    subject,
    kind: 'progress',
    percent: 30,
    text: 'packing',
    time: 1_552_959_300_500,
    ...parts,
  };
}

export function historyCases(test: Case, bench: StoreBench): void {
  const append = (event: StatusEvent): Promise<EventOutcome | null> => bench.store.events.append(event);

  test('adds an event with the next number and shows its progress', async () => {
    const { id } = await bench.sent();
    const event = newEvent(id);
    const outcome = await append(event);
    const record = await bench.record(id);
    expect(outcome).to.deep.equal({ record, changed: true });
    expect(record).to.deep.include({ version: 3, progress: { percent: 30, text: 'packing' } });
    expect(await bench.store.requests.events(id, 2, 10)).to.deep.equal([{ ...event, number: 3 }]);
  });

  test('keeps every member of an event', async () => {
    const { id } = await bench.sent();
    const event: StatusEvent = {
      id: randomUUID(),
      project: 'shop',
      subject: id,
      kind: 'user-action',
      data: { texts: awkwardTexts, list: [1, null, { deep: true }] },
      time: 5,
    };
    await append(event);
    expect((await bench.store.requests.events(id, 2, 10))[0]).to.deep.equal({ ...event, number: 3 });
  });

  test('gives an event without a project that of its request', async () => {
    const { id } = await bench.sent({ properties: { project: 'shop' } });
    await append(newEvent(id));
    const events = await bench.store.requests.events(id, 0, 10);
    expect(events.map(({ project }) => project)).to.deep.equal(['shop', 'shop', 'shop']);
  });

  test('adds an event once, however often it comes, and says whether it did', async () => {
    const { id } = await bench.sent();
    const event = newEvent(id);
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => append(event)));
    const record = await bench.record(id);
    expect(record.version).to.equal(3);
    expect(outcomes.map((outcome) => outcome?.changed)).to.deep.equal([
      true,
      ...Array<boolean>(9).fill(false),
    ]);
    expect(outcomes.at(-1)).to.deep.equal({ record, changed: false });
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'progress']);
  });

  test('tells events with the same id about different requests apart', async () => {
    const first = await bench.sent();
    const second = await bench.sent();
    for (const { id } of [first, second]) await append(newEvent(id, { id: 'same' }));
    expect(await bench.history(second.id)).to.deep.equal(['accepted', 'sent', 'progress']);
  });

  test('numbers events 1, 2, ... without gaps, whatever comes at once', async () => {
    const { id } = await bench.sent();
    await Promise.all(
      Array.from({ length: 30 }, (_, index) =>
        index === 15 ? bench.store.requests.settle(newReply(id)) : append(newEvent(id)),
      ),
    );
    const events = await bench.store.requests.events(id, 0, 100);
    expect(events.map(({ number }) => number)).to.deep.equal(
      Array.from({ length: 32 }, (_, index) => index + 1),
    );
  });

  test('gives events after a number, as many as asked for', async () => {
    const { id } = await bench.sent();
    for (let turn = 0; turn < 5; turn += 1) await append(newEvent(id));
    const numbers = async (after: number, limit: number): Promise<number[]> =>
      (await bench.store.requests.events(id, after, limit)).map(({ number }) => number);
    expect(await numbers(0, 3)).to.deep.equal([1, 2, 3]);
    expect(await numbers(5, 100)).to.deep.equal([6, 7]);
    expect(await numbers(7, 100)).to.deep.equal([]);
    expect(await bench.store.requests.events('unknown', 0, 10)).to.deep.equal([]);
  });

  test('knows nothing of an event about a stranger', async () => {
    expect(await append(newEvent('unknown'))).to.equal(null);
  });

  test('shows the latest progress, and nothing of other events', async () => {
    const { id } = await bench.sent();
    await append(newEvent(id, { percent: 80 }));
    await append(newEvent(id, { percent: 10, text: 'again' }));
    await append(newEvent(id, { kind: 'log', percent: 99 }));
    expect((await bench.record(id)).progress).to.deep.equal({ percent: 10, text: 'again' });
    await append({ id: 'x', project: null, subject: id, kind: 'progress', text: 'waiting', time: 0 });
    expect((await bench.record(id)).progress).to.deep.equal({ percent: null, text: 'waiting' });
  });

  test('keeps progress after the end in the history, and no longer shows it', async () => {
    const { id } = await bench.sent();
    await append(newEvent(id, { percent: 50 }));
    await bench.store.requests.settle(newReply(id));
    await append(newEvent(id, { percent: 90 }));
    expect((await bench.record(id)).progress).to.deep.equal({ percent: 50, text: 'packing' });
    expect(await bench.history(id)).to.deep.equal(['accepted', 'sent', 'progress', 'replied', 'progress']);
  });
}
