import { expect } from 'chai';
import type { RequestStore } from '#core/ports/request-store.js';
import type { StatusEvent } from '#core/status-event.js';
import { newFaultReply, newReply } from '../../support/requests.js';
import type { Case } from '../messaging/case.js';
import type { StoreBench } from './bench.js';
import { createEventBench, newEvent } from './event-bench.js';

const timeoutMs = 1_000;

/** Events about requests: of the gateway and of services. */
export function eventRequestCases(test: Case, bench: StoreBench): void {
  const { append, log, number, page } = createEventBench(bench);

  const statesOf = (events: readonly StatusEvent[]): unknown[] =>
    events.map(({ data }) => (data as { status?: string } | undefined)?.status);

  /** By the end of the request, as its project is told. */
  const lives: Record<string, (requests: RequestStore, id: string) => Promise<unknown>> = {
    'sent, replied, duplicate': async (requests, id) => {
      await requests.markSent(id);
      await requests.settle(newReply(id));
      await requests.settle(newReply(id));
    },
    'sent, faulted': async (requests, id) => {
      await requests.markSent(id);
      await requests.settle(newFaultReply(id));
    },
    faulted: (requests, id) => requests.giveUpSend(id, { code: 'SEND_REFUSED', message: 'not taken' }),
    'sent, expired, late, duplicate': async (requests, id) => {
      await requests.markSent(id);
      bench.clock.advance(timeoutMs);
      await requests.expireDue(10);
      await requests.settle(newReply(id));
      await requests.settle(newReply(id));
    },
    'cancelled, late': async (requests, id) => {
      await requests.cancel(id);
      await requests.settle(newReply(id));
    },
  };
  for (const [states, live] of Object.entries(lives)) {
    test(`tells a project of its request: accepted, ${states}`, async () => {
      const { id } = await bench.accepted({ properties: { project: 'shop' }, timeoutMs });
      await live(bench.store.requests, id);
      await expectTold(id, ['accepted', ...states.split(', ')]);
    });
  }

  test('tells a project of its request that expects no reply: accepted, completed, late', async () => {
    const { id } = await bench.sent({ properties: { project: 'shop' }, oneWay: true });
    await bench.store.requests.settle(newReply(id));
    await expectTold(id, ['accepted', 'completed', 'late']);
  });

  /** In this order, with the ids that the history has, and no other project anything. */
  async function expectTold(id: string, states: readonly string[]): Promise<void> {
    await number();
    const { events } = await page('shop');
    expect(statesOf(events)).to.deep.equal(states);
    expect(new Set(events.map(({ subject }) => subject))).to.deep.equal(new Set([id]));
    const history = await bench.store.requests.events(id, 0, 10);
    expect(history.map((event) => event.id)).to.deep.equal(events.map((event) => event.id));
    expect((await log().projects(10)).map(({ project }) => project)).to.deep.equal(['shop']);
  }

  test('tells nobody of requests without a project', async () => {
    const { id } = await bench.sent();
    await bench.store.requests.settle(newReply(id));
    expect(await log().hasUnnumbered()).to.equal(false);
  });

  test('adds an event about a request to its history and to the log of its project', async () => {
    const { id } = await bench.sent({ properties: { project: 'shop' } });
    const event = newEvent(null, { subject: id, kind: 'progress', percent: 30 });
    const outcome = await append(event);
    expect(outcome?.record).to.deep.include({ id, progress: { percent: 30, text: null } });
    await number();
    expect((await page('shop')).events.at(-1)).to.deep.equal({ ...event, project: 'shop', sequence: 3 });
    expect((await append(event))?.changed).to.equal(false);
  });

  test('leaves the history of a request alone where that is asked for', async () => {
    const { id, version } = await bench.sent();
    const outcome = await log().append(newEvent('shop', { subject: id }), { joinsHistory: false });
    expect(outcome).to.deep.equal({ record: null, changed: true });
    expect(await bench.record(id)).to.include({ version });
  });
}
