import { expect } from 'chai';
import { poisons } from '#testing/poisons.js';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import type { TestBroker } from '#testing/test-broker.js';
import { startTestBroker } from '#testing/test-broker.js';
import type { TestRequestor } from '#testing/requestor/test-requestor.js';
import { startTestRequestor } from '#testing/requestor/test-requestor.js';
import { rejectionOf } from '../support/errors.js';
import type { RunningProcess } from '../support/process.js';
import { processes } from '../support/process.js';
import { openRawStomp } from '../support/raw-stomp.js';
import { until } from '../support/until.js';

const program = 'test/support/programs/plain-service.ts';

describe('the test kit, with a service that speaks nothing but STOMP in another process', function () {
  this.timeout(60_000);
  let broker: TestBroker;
  let network: FaultyNetwork;
  let requestor: TestRequestor;
  const { startSource } = processes();

  beforeEach(async () => {
    broker = await startTestBroker();
    network = await startFaultyNetwork({ broker: broker.url });
    requestor = await startTestRequestor({ broker });
  });
  afterEach(async () => {
    await requestor.stop();
    await network.stop();
    await broker.stop();
  });

  async function start(mode: 'naive' | 'idempotent' | 'fragile'): Promise<RunningProcess> {
    const service = startSource(program, [network.url, 'orders', mode]);
    await service.line(/serving/u);
    return service;
  }

  const order = { items: ['tea'] };

  it('has a request answered again whose reply was lost with the connection', async () => {
    await start('naive');
    const rule = network.cutAt({ command: 'SEND', kind: 'reply' }, 'before');
    const asked = await requestor.ask('orders', order);
    const reply = await asked.onlyReply({ withinMs: 30_000 });
    expect(reply.json()).to.deep.equal({ number: 2 });
    expect(rule.applied).to.equal(1);
  });

  for (const [mode, what] of [
    ['naive', 'finds out a service that answers twice, when it does not learn that its reply arrived'],
    ['idempotent', 'is content with a service that gives the same reply again'],
  ] as const) {
    it(what, async () => {
      await start(mode);
      network.cutAt({ receiptOf: { command: 'SEND', kind: 'reply' } }, 'before');
      const asked = await requestor.ask('orders', order);
      await asked.atLeast(2, { withinMs: 30_000 });
      if (mode === 'naive') {
        const failure = (await rejectionOf(asked.onlyReply())) as Error;
        expect(failure.message).to.match(/^2 different replies came to request .* '\{"number":1\}' .* and /u);
      } else expect((await asked.onlyReply()).json()).to.deep.equal({ number: 1 });
    });
  }

  it('delivers a request twice, with and without a network', async () => {
    await start('idempotent');
    network.duplicate({ command: 'MESSAGE', kind: 'request' });
    const once = await requestor.ask('orders', order);
    expect((await once.onlyReply()).json()).to.deep.equal({ number: 1 });
    expect(once.replies).to.have.lengthOf(2);
    const twice = await requestor.ask('orders', order, { copies: 2 });
    expect((await twice.onlyReply()).json()).to.deep.equal({ number: 2 });
    expect(twice.replies).to.have.lengthOf(2);
  });

  it('sees what becomes of poisoned requests, and that the service goes on', async () => {
    await start('naive');
    for (const poison of [poisons.brokenJson, poisons.notUtf8, poisons.empty]) {
      const asked = await requestor.poison('orders', poison);
      expect(await asked.refusal()).to.deep.include({ kind: 'fault' });
    }
    const unknown = await requestor.poison('orders', poisons.unknownHeaders);
    expect((await unknown.onlyReply()).fault).to.equal(null);
    const failure = (await rejectionOf((await requestor.ask('orders', order)).refusal())) as Error;
    expect(failure.message).to.match(/^request \S+ to orders was answered: '\{"number":2\}'/u);
  });

  it('sees a service die of a poisoned request, which the next one gets', async () => {
    const dying = await start('fragile');
    const poison = await requestor.poison('orders', poisons.brokenJson);
    expect((await dying.exited).code).to.not.equal(0);
    const failure = (await rejectionOf(poison.refusal({ withinMs: 50 }))) as Error;
    expect(failure.message).to.match(/^waited 50 ms in vain for a fault or a dead letter of request/u);
    await until(() => broker.queue('orders').depth === 1, { what: 'the request, back at the broker' });
  });

  it('finds a rejected request in the dead-letter queue of the broker', async () => {
    const asked = await requestor.ask('rejected', order);
    const client = await openRawStomp(broker.port);
    await client.connect();
    const subscription = { id: 's', destination: '/queue/rejected', ack: 'client-individual' };
    await client.confirmed('SUBSCRIBE', subscription);
    for (let times = 0; times < 6; times += 1) {
      const { headers } = await client.take('MESSAGE');
      await client.confirmed('NACK', { id: headers['ack']! });
    }
    const reason = 'rejected 6 times by its consumers (NACK)';
    expect(await asked.refusal()).to.deep.equal({ kind: 'dead-letter', queue: 'DLQ.rejected', reason });
    expect(asked.replies).to.deep.equal([]);
    client.destroy();
  });
});
