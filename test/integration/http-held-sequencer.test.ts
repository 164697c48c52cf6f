import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createStompBroker } from '#adapters/stomp/broker.js';
import type { StompBroker } from '#adapters/stomp/broker.js';
import type { Store } from '#adapters/store/store.js';
import { loadConfiguration } from '#app/configuration/load.js';
import { composeGateway } from '#app/gateway-composition.js';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { Parts } from '#app/parts.js';
import { createParts } from '#app/parts.js';
import { systemClock as clock } from '#app/system-clock.js';
import { createDeferred } from '#core/deferred.js';
import type { Deferred } from '#core/deferred.js';
import type { EventLog } from '#core/ports/event-log.js';
import { silentLogger as logger } from '#core/ports/logger.js';
import { silentTracer } from '#core/ports/tracer.js';
import type { NumberedEvent } from '#core/status-event.js';
import type { Replier } from '#messaging/replier.js';
import type { RequestStatus } from '#schema/request-status.js';
import { embeddedBroker } from '../support/embedded-broker.js';
import { uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import { openMemoryStore } from '../support/memory-store.js';
import { newProject, sequencesOf, statusBench } from '../support/status-bench.js';
import { until } from '../support/until.js';

/** A whole gateway, but for a log that hands no numbers out before it is told to. */
describe('while no event of a project gets its number', () => {
  let held: Deferred<undefined>;
  /** Batches that were asked for. */
  let asked: number;
  let store: Store;
  let broker: StompBroker;
  let services: Broker;
  let replier: Replier;
  let parts: Parts;
  let url: string;
  let queue: string;
  let project: string;
  const fatal: unknown[] = [];
  const status = statusBench({ url: () => url });

  // Before the broker's own, which ends it.
  afterEach(async () => {
    held.resolve(undefined);
    await replier.stop(2_000);
    await services.close();
    await parts.stop(5_000);
    expect(fatal.splice(0)).to.deep.equal([]);
  });
  const embedded = embeddedBroker();

  beforeEach(async () => {
    held = createDeferred();
    asked = 0;
    store = openMemoryStore(clock);
    const events: EventLog = {
      ...store.events,
      async number(owner, limit) {
        asked += 1;
        await held.promise;
        return store.events.number(owner, limit);
      },
    };
    const brokerUrl = `stomp://127.0.0.1:${embedded.port}`;
    broker = createStompBroker({ url: brokerUrl, clock, logger, keepsOrder: true });
    const loaded = loadConfiguration({ environment: { PORT: '0' }, workingFolder: '/' });
    const composition = composeGateway({
      ...{
        loaded,
        logger,
        accessLog: undefined,
        instance: randomUUID(),
        broker,
        access: null,
        tracer: silentTracer,
      },
      ...{ embedded: embedded.broker, embeddedPort: embedded.port, isStopping: () => false },
      onFatal: (error) => fatal.push(error),
      store: { ...store, events },
    });
    const { gateway, waits } = composition;
    parts = createParts(
      [
        { name: 'store', start: () => undefined, stop: () => store.close() },
        {
          name: 'broker connections',
          start: () => broker.start().then(() => undefined),
          stop: (deadlineMs) => broker.stop(deadlineMs),
        },
        ...composition.parts,
        {
          name: 'gateway',
          start: async () => {
            const { host, port } = await gateway.start();
            url = `http://${host}:${port}`;
          },
          stop: (deadlineMs) => gateway.stop(deadlineMs),
        },
        waits,
      ],
      logger,
      () => clock.monotonic(),
    );
    await parts.start();
    await until(async () => (await call(`${url}/readyz?verbose`)).text().includes('[+] replies'), {
      what: 'the gateway to receive replies',
    });
    queue = uniqueName('held');
    project = newProject();
    services = await connectBroker({ url: brokerUrl, logger });
    replier = createReplier({
      ...{ broker: services, queue },
      async handler({ messageId }) {
        // A reply may overtake the receipt of its request.
        await until(async () => (await stateOf(messageId)) === 'sent', { what: 'the request to be sent' });
        return { price: 12 };
      },
    });
    await replier.start();
  });

  const stateOf = async (id: string): Promise<string> =>
    (await call(`${url}/requests/${id}`)).json<RequestStatus>().status;

  /** POST with a Project; resolves with the answer. */
  const ask = (headers: Record<string, string> = {}): ReturnType<typeof post> =>
    post(`${url}/requests/${queue}`, '{"sku":7}', {
      ...{ 'content-type': 'application/json', 'message-id': queue, project, prefer: 'wait=15' },
      ...headers,
    });

  const statesOf = (events: readonly { readonly data?: unknown }[]): unknown[] =>
    events.map(({ data }) => (data as { status: string }).status);

  async function expectNoNumbers(): Promise<void> {
    await until(() => asked > 0, { what: 'the sequencer to ask for numbers' });
    expect(await status.page(project)).to.deep.include({ events: [], last: 0 });
  }

  it('a call with this project gets its reply, which is settled and in its history; the numbers come later', async () => {
    const answer = await ask();
    expect(answer.status, answer.text()).to.equal(200);
    expect(answer.json()).to.deep.equal({ price: 12 });
    expect(await stateOf(queue)).to.equal('replied');
    const history = await call(`${url}/requests/${queue}/events`, {
      headers: { accept: 'application/json' },
    });
    const { events, isOver } = history.json<{ events: NumberedEvent[]; isOver: boolean }>();
    expect(statesOf(events)).to.deep.equal(['accepted', 'sent', 'replied']);
    expect(isOver).to.equal(true);
    await expectNoNumbers();

    held.resolve(undefined);
    await status.reaches(project, 3);
    const told = (await status.page(project)).events;
    expect(sequencesOf(told)).to.deep.equal([1, 2, 3]);
    expect(told.map(({ id }) => id)).to.deep.equal(events.map(({ id }) => id));
  });

  it('a copy of the reply reaches the Reply-To queue, and the broker keeps none of what was answered', async () => {
    const copies = uniqueName('copies');
    const listener = await embedded.subscriber(`/queue/${copies}`, { ack: 'auto' });
    expect((await ask({ 'reply-to': copies })).status).to.equal(200);
    const [copy] = await listener.messages(1);
    expect(copy!.headers['correlation-id']).to.equal(queue);
    expect(JSON.parse(copy!.text)).to.deep.equal({ price: 12 });
    for (const name of [queue, 'replyto.replies']) {
      await until(() => embedded.queue(name).depth === 0, { what: `nothing to be left in ${name}` });
    }
    await expectNoNumbers();
  });

  it('events that are posted to it are taken, and so are requests of other projects', async () => {
    for (const text of ['a', 'b']) await status.tell(project, { text });
    const other = newProject();
    expect((await ask({ project: other })).status).to.equal(200);
    await expectNoNumbers();
    held.resolve(undefined);
    await status.reaches(project, 2);
    await status.reaches(other, 3);
    expect((await status.page(project)).events.map(({ text }) => text)).to.deep.equal(['a', 'b']);
    expect(statesOf((await status.page(other)).events)).to.deep.equal(['accepted', 'sent', 'replied']);
  });
});
