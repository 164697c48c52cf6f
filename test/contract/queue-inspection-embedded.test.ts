import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { once } from 'node:events';
import { expect } from 'chai';
import { createEmbeddedInspection } from '#adapters/broker/embedded-inspection.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import { systemClock } from '#app/system-clock.js';
import { silentLogger } from '#core/ports/logger.js';
import { unknownQueue } from '#core/ports/queue-inspection.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import { freePort } from '../support/free-port.js';
import type { StartedBroker } from '../support/started-broker.js';
import { startBroker } from '../support/started-broker.js';
import { until } from '../support/until.js';
import { describeInspection, inspectionBench } from './queue-inspection.suite.js';

describe(titleOn(brokerLabels.embedded, 'inspection of queues'), () => {
  let embedded: StartedBroker;
  before(async () => {
    embedded = await startBroker();
  });
  after(() => embedded.stop());

  describeInspection({
    url: () => embedded.url,
    inspection: () => createEmbeddedInspection(embedded.broker),
    ...{ tellsInFlight: true, waiting: null, held: 'held' },
  });
  const bench = inspectionBench(() => embedded.url);

  it('says over STOMP that it does not tell', async () => {
    const { inspection } = bench.broker();
    const view = await inspection.inspect('any', { messageId: 'a', withinMs: 5_000 });
    expect(view).to.deep.equal({
      ...unknownQueue,
      unknown: 'the embedded broker of another process does not tell of its queues over STOMP',
    });
  });
});

describe('inspection of queues where no broker answers', () => {
  let silent: Server;
  let open = 0;
  const inspectionOf = (url: string): ReturnType<typeof createStompBroker> =>
    createStompBroker({ url, clock: systemClock, logger: silentLogger });
  const urlOf = (): string => `stomp://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const question = { messageId: 'a', withinMs: 200 };

  before(async () => {
    // Takes connections, and says nothing.
    silent = createServer((socket) => {
      open += 1;
      socket.on('error', () => undefined).on('close', () => (open -= 1));
      socket.resume();
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
  });
  after(() => silent.close());

  it('knows nothing when the time is over, and leaves no connection behind', async () => {
    const { inspection } = inspectionOf(urlOf());
    expect(await inspection.inspect('work', question)).to.deep.equal({
      ...unknownQueue,
      unknown: 'the broker did not tell within 200 ms',
    });
    await until(() => open === 0, { what: 'no connection' });
  });

  it('says so at once when nobody is there', async () => {
    const { inspection } = inspectionOf(`stomp://127.0.0.1:${await freePort()}`);
    const { unknown } = await inspection.inspect('work', { messageId: 'a', withinMs: 10_000 });
    expect(unknown).to.contain('ECONNREFUSED');
  });

  it('asks the next address when one does not take the connection', async () => {
    const { inspection } = inspectionOf(`failover:(stomp://127.0.0.1:${await freePort()},${urlOf()})`);
    const { unknown } = await inspection.inspect('work', question);
    expect(unknown).to.equal('the broker did not tell within 200 ms');
  });

  it('asks for a few at a time, and tells others so', async () => {
    const { inspection } = inspectionOf(urlOf());
    const views = await Promise.all(
      Array.from({ length: 6 }, () => inspection.inspect('work', { messageId: 'a', withinMs: 500 })),
    );
    expect(views.map(({ unknown }) => unknown?.startsWith('4 others ask'))).to.deep.equal([
      ...[false, false, false, false],
      ...[true, true],
    ]);
    expect((await inspection.inspect('work', question)).unknown).to.equal(
      'the broker did not tell within 200 ms',
    );
  });

  it('ends what is under way when it is stopped', async () => {
    const broker = inspectionOf(urlOf());
    const looking = broker.inspection.inspect('work', { messageId: 'a', withinMs: 60_000 });
    await until(() => open === 1, { what: 'a connection' });
    await broker.stop(1_000);
    expect((await looking).depth).to.equal(null);
    expect((await broker.inspection.inspect('work', question)).unknown).to.equal('this process is stopping');
    await until(() => open === 0, { what: 'no connection' });
  });
});
