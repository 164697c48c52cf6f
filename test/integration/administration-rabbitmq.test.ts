/** What only the administrator of a RabbitMQ can do to it: on a node of its own. */
import { expect } from 'chai';
import { loadConfiguration } from '#app/configuration/load.js';
import { checkBroker } from '#app/doctor/broker-check.js';
import type { Finding } from '#app/doctor/finding.js';
import { findAmqp } from '#app/doctor/rabbitmq.js';
import { systemClock } from '#app/system-clock.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import type { StompBroker, StompBrokerOptions } from '#adapters/stomp/broker.js';
import { queue } from '#core/destination.js';
import { toReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import { silentLogger } from '#core/ports/logger.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import { freePort } from '../support/free-port.js';
import { newMessage, uniqueQueue } from '../support/messages.js';
import { startOwnRabbitmq } from '../support/rabbitmq.js';
import { sendUntilJudged } from '../support/send-until-judged.js';
import { skip } from '../support/skip.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

type Rabbitmq = Exclude<Awaited<ReturnType<typeof startOwnRabbitmq>>, { readonly unavailable: string }>;

describe(titleOn(brokerLabels.rabbitmq, 'a broker with an administrator'), function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let rabbitmq: Rabbitmq;
  const open: StompBroker[] = [];

  before(async function () {
    this.timeout(120_000);
    const started = await startOwnRabbitmq();
    if ('unavailable' in started) return skip(this, started.unavailable);
    rabbitmq = started;
    await rabbitmq.control('add_vhost', 'orders');
    await rabbitmq.control('set_permissions', '-p', 'orders', 'guest', '.*', '.*', '.*');
    await rabbitmq.control('add_user', 'ada', 'secret');
    await rabbitmq.control('set_permissions', 'ada', '^ada\\.', '^ada\\.', '^ada\\.');
  });
  after(() => (rabbitmq as Rabbitmq | undefined)?.stop());
  afterEach(async () => {
    await Promise.all(open.splice(0).map((broker) => broker.stop(1_000)));
  });

  async function connect(options: Partial<StompBrokerOptions> = {}): Promise<StompBroker> {
    const broker = createStompBroker({
      url: rabbitmq.url,
      ...{ clock: systemClock, logger: silentLogger, receiptTimeoutMs: 10_000 },
      ...options,
    });
    open.push(broker);
    const failure = await broker.start();
    if (failure !== null) throw failure;
    return broker;
  }

  /** The ids of what came, in order; each is acknowledged. */
  async function inbox({ source }: StompBroker, name: string): Promise<string[]> {
    const ids: string[] = [];
    await source.subscribe(queue(name), {
      prefetch: 100,
      onDelivery: (delivery) => {
        delivery.acknowledge();
        ids.push(delivery.message.messageId);
      },
    });
    return ids;
  }

  /** `confirmed`, or code and text of what the channel says of it. */
  async function outcomeOf({ channel }: StompBroker, name: string, message = newMessage()): Promise<string> {
    const error = await sendUntilJudged(channel, queue(name), message);
    return error === null ? 'confirmed' : `${error.code}: ${error.message}`;
  }

  async function examine(brokerUrl: string, more: Record<string, string> = {}): Promise<Finding> {
    const environment = { BROKER_URL: brokerUrl, ...more };
    const loaded = loadConfiguration({ environment, flags: {}, workingFolder: folder() });
    const { url } = loaded.configuration.broker;
    const { finding } = await checkBroker({ url, configuration: loaded.configuration, stepMs: 10_000 });
    return finding;
  }

  describe('and virtual hosts', () => {
    it('takes the one that the path of the address names, or the setting, over TCP and WebSocket', async () => {
      const name = uniqueQueue().name;
      const [byPath, bySetting, elsewhere] = await Promise.all([
        connect({ url: `${rabbitmq.url}/orders` }),
        connect({ url: rabbitmq.webSocketUrl!, virtualHost: 'orders' }),
        connect(),
      ]);
      const [ours, theirs] = [newMessage(), newMessage()];
      await byPath.channel.send(queue(name), ours);
      await elsewhere.channel.send(queue(name), theirs);
      const [inOrders, inDefault] = [await inbox(bySetting, name), await inbox(elsewhere, name)];
      await until(() => inOrders.length + inDefault.length === 2, { what: 'both messages' });
      expect([inOrders, inDefault]).to.deep.equal([[ours.messageId], [theirs.messageId]]);
    });

    it('refuses in words one that is not there', async () => {
      const refused = [
        { url: `${rabbitmq.url}/nowhere` },
        { url: rabbitmq.webSocketUrl!, virtualHost: 'nowhere' },
      ];
      for (const options of refused) {
        const error = await connect(options).then(() => null, toReplytoError);
        expect(error?.code).to.equal('BROKER_LOGIN_REFUSED');
        expect(error?.message).to.contain("Virtual host 'nowhere' access denied");
      }
    });
  });

  describe('and the doctor', () => {
    it('is named with its version', async () => {
      const finding = await examine(rabbitmq.url);
      expect(finding.state).to.equal('ok');
      expect(finding.says).to.match(/^RabbitMQ\/\d+\.\d+\S* at stomp:.* takes and delivers messages$/u);
      expect((await examine(rabbitmq.url, { BROKER_VIRTUAL_HOST: 'orders' })).state).to.equal('ok');
    });

    it('has no such virtual host, or no such login', async () => {
      const nowhere = await examine(`${rabbitmq.url}/nowhere`);
      expect(nowhere).to.include({ state: 'wrong', code: 'BROKER_LOGIN_REFUSED' });
      expect(nowhere.says).to.contain("Virtual host 'nowhere' access denied");
      expect(nowhere.remedy).to.contain('rabbitmqctl add_vhost').and.to.contain('BROKER_VIRTUAL_HOST');
      const stranger = await examine(rabbitmq.url.replace('guest:guest', 'guest:wrong'));
      expect(stranger.says).to.contain("Access refused for user 'guest'");
      expect(stranger.remedy).to.contain('BROKER_LOGIN');
    });

    it('gives the login too few rights', async () => {
      const finding = await examine(rabbitmq.url.replace('guest:guest', 'ada:secret'));
      expect(finding).to.include({ state: 'wrong', code: 'SUBSCRIBE_REFUSED' });
      expect(finding.says).to.match(/access to queue 'stomp-subscription-.* refused for user 'ada'/u);
      expect(finding.remedy).to.contain('configure, write and read').and.to.contain('set_permissions');
    });

    it('speaks AMQP alone at the port that was named, or at its usual port', async () => {
      const finding = await examine(`stomp://127.0.0.1:${rabbitmq.amqpPort}`);
      expect(finding).to.include({ state: 'wrong', code: 'BROKER_UNAVAILABLE' });
      expect(finding.says).to.contain(
        `does not speak STOMP but says 'AMQP'; RabbitMQ ${rabbitmq.version} answers there by AMQP`,
      );
      expect(finding.remedy).to.contain('rabbitmq-plugins enable rabbitmq_stomp');

      const asked = { withinMs: 5_000, clock: systemClock };
      const url = `stomp://127.0.0.1:${await freePort()}`;
      expect(await findAmqp(url, { ...asked, alsoAt: [rabbitmq.amqpPort] })).to.deep.equal({
        ...{ server: `RabbitMQ ${rabbitmq.version}`, host: '127.0.0.1', port: rabbitmq.amqpPort },
        isAsked: false,
      });
      const stomp = Number(new URL(rabbitmq.url).port);
      expect(await findAmqp(url, { ...asked, alsoAt: [stomp] })).to.equal(undefined);
    });
  });

  it('refuses sends without a right, one by one, and says which', async () => {
    const broker = await connect({ url: rabbitmq.url.replace('guest:guest', 'ada:secret') });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => outcomeOf(broker, 'ada.orders')));
    for (const said of outcomes) {
      expect(said).to.match(/^SEND_REFUSED: .*access to exchange 'amq.default' .* refused for user 'ada'$/u);
    }
  });

  it('makes a queue again that was deleted under a subscription', async () => {
    const broker = await connect();
    const { name } = uniqueQueue('deleted');
    const ids = await inbox(broker, name);
    await rabbitmq.control('delete_queue', name);
    const sent: string[] = [];
    // A connection that declared the queue does not do so again, and what it sends meanwhile goes nowhere.
    await until(
      async () => {
        const message = newMessage();
        await (await connect()).channel.send(queue(name), message);
        sent.push(message.messageId);
        return ids.length > 0;
      },
      { what: 'a delivery from the queue that was made again' },
    );
    expect(sent).to.include(ids[0]);
  });

  it('confirms and loses what goes to a queue that was deleted under the connection that had made it', async () => {
    const broker = await connect({ sendConnections: 1 });
    const { name } = uniqueQueue('vanished');
    const [before, lost, kept] = [newMessage(), newMessage(), newMessage()];
    await broker.channel.send(queue(name), before);
    await rabbitmq.control('delete_queue', name);
    await broker.channel.send(queue(name), lost);
    await (await connect()).channel.send(queue(name), kept);
    const ids = await inbox(broker, name);
    await until(() => ids.length > 0, { what: 'the message of a new connection' });
    expect(ids).to.deep.equal([kept.messageId]);
  });

  it('ends the connection without a word for a full queue that rejects; that is SEND_REFUSED, the others go on', async () => {
    const policy = JSON.stringify({ 'max-length': 1, overflow: 'reject-publish' });
    await rabbitmq.control('set_policy', 'full', '^full\\.', policy, '--apply-to', 'queues');
    const broker = await connect();
    const { name } = uniqueQueue('full');
    const innocent = uniqueQueue('innocent').name;
    expect(await outcomeOf(broker, name)).to.equal('confirmed');
    const [full, ...others] = await Promise.all([
      outcomeOf(broker, name),
      ...Array.from({ length: 20 }, () => outcomeOf(broker, innocent)),
    ]);
    expect(full).to.match(/^SEND_REFUSED: RabbitMQ\/\S+ ended the connection 3 times/u);
    expect(new Set(others)).to.deep.equal(new Set(['confirmed']));

    await inbox(broker, name);
    await until(async () => (await outcomeOf(broker, name)) === 'confirmed', {
      what: 'a place in the queue',
    });
  });

  it('withholds receipts while its memory or disk alarm is on: RECEIPT_TIMEOUT, and later it is there', async () => {
    const broker = await connect({ receiptTimeoutMs: 1_000 });
    const { name } = uniqueQueue('alarm');
    const ids = await inbox(broker, name);
    await rabbitmq.control('set_vm_memory_high_watermark', '0.0000001');
    try {
      const messages: Message[] = [];
      await until(
        async () => {
          const message = newMessage();
          messages.push(message);
          const said = await outcomeOf(broker, name, message);
          return said.startsWith('RECEIPT_TIMEOUT');
        },
        { what: 'a receipt that is withheld' },
      );
      // Consumers are not held up.
      await until(() => ids.length >= messages.length - 1, { what: 'what was confirmed' });
    } finally {
      await rabbitmq.control('set_vm_memory_high_watermark', '0.4');
    }
    const after = newMessage();
    await until(async () => (await outcomeOf(broker, name, after)) === 'confirmed', {
      what: 'a receipt after the alarm',
    });
    await until(() => ids.includes(after.messageId), { what: 'its delivery' });
  });
});
