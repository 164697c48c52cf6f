import { expect } from 'chai';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import type { Replier } from '#messaging/replier.js';
import { silentLogger } from '#core/ports/logger.js';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import { poisons } from '#testing/poisons.js';
import type { TestRequestor } from '#testing/requestor/test-requestor.js';
import { startTestRequestor } from '#testing/requestor/test-requestor.js';
import { rejectionOf } from '../support/errors.js';
import { uniqueName } from '../support/gateway.js';
import { skip } from '../support/skip.js';
import { openStranger } from '../support/stranger.js';
import type { Stranger } from '../support/stranger.js';
import { until } from '../support/until.js';

/**
 * The faulty network in front of a real broker, with a service of the library behind it.
 *
 * @param resetsHarm why the broker may not get over connections that are all reset in one moment; absent: it does
 */
export function describeFaultyNetwork(brokerUrl: () => string, resetsHarm?: string): void {
  let network: FaultyNetwork;
  let requestor: TestRequestor;
  let broker: Broker;
  let replier: Replier | undefined;
  const strangers: Stranger[] = [];

  beforeEach(async () => {
    network = await startFaultyNetwork({ broker: brokerUrl() });
    const replyQueue = uniqueName('kit-replies');
    requestor = await startTestRequestor({ broker: brokerUrl(), replyQueue, deadLetterQueues: [] });
    broker = await connectBroker({ url: network.url, heartbeatMs: 1_000, logger: silentLogger });
  });
  afterEach(async function () {
    this.timeout(30_000);
    for (const stranger of strangers.splice(0)) stranger.destroy();
    network.clear();
    network.resume();
    await replier?.stop(1_000);
    replier = undefined;
    await broker.close();
    await requestor.stop();
    await network.stop();
  });

  /** Answers with what it got, and counts. */
  async function serve(queue: string): Promise<{ readonly runs: () => number }> {
    let runs = 0;
    replier = createReplier({
      ...{ broker, queue },
      handler: ({ body }) => {
        runs += 1;
        return body;
      },
    });
    await replier.start();
    return { runs: () => runs };
  }

  async function stranger(): Promise<Stranger> {
    const opened = await openStranger(network.url);
    strangers.push(opened);
    return opened;
  }

  it('passes on what it does not touch: 4 MiB of bytes, heart-beats, a thousand requests', async function () {
    this.timeout(60_000);
    const queue = uniqueName('kit-plain');
    const seen = network.watch({ command: 'MESSAGE', queue, kind: 'request', times: Infinity });
    await serve(queue);
    const bytes = Buffer.alloc(4 * 1024 * 1024, Buffer.from([0, 1, 255, 10]));
    const large = await requestor.ask(queue, bytes);
    expect(Buffer.from((await large.reply({ withinMs: 30_000 })).body).equals(bytes)).to.equal(true);
    const asked = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) => requestor.ask(queue, { index })),
    );
    for (const [index, one] of asked.entries()) {
      expect((await one.reply({ withinMs: 30_000 })).json()).to.deep.equal({ index });
    }
    expect(seen.applied).to.equal(1_001);
    expect(network.events.filter(({ kind }) => kind !== 'opened')).to.deep.equal([]);
  });

  it('doubles a request, which is acknowledged once and handled once at a time', async function () {
    this.timeout(30_000);
    const queue = uniqueName('kit-twice');
    const { runs } = await serve(queue);
    const rule = network.duplicate({ command: 'MESSAGE', queue }, { afterMs: 200 });
    const asked = await requestor.ask(queue, 'tea');
    await asked.atLeast(2);
    expect(rule.applied).to.equal(1);
    expect(runs()).to.equal(2);
    const failure = (await rejectionOf(asked.onlyReply({ quietMs: 10 }))) as Error;
    expect(failure.message).to.match(/^2 different replies/u);
    await replier?.stop(1_000);
    // Nothing of it is left at the broker.
    const reader = await stranger();
    await reader.subscribe(queue);
    await requestor.ask(queue, 'marker');
    expect((await reader.take('MESSAGE')).text).to.equal('marker');
  });

  it('loses a message, which comes again when its connection is cut', async function () {
    if (resetsHarm !== undefined) skip(this, resetsHarm);
    this.timeout(30_000);
    const queue = uniqueName('kit-lost');
    await serve(queue);
    const lost = network.drop({ command: 'MESSAGE', queue });
    const asked = await requestor.ask(queue, 'tea');
    await lost.reached();
    expect((await (await requestor.ask(queue, 'milk')).reply()).text()).to.equal('milk');
    expect(asked.replies).to.deep.equal([]);
    network.cut();
    expect((await asked.reply({ withinMs: 20_000 })).text()).to.equal('tea');
  });

  for (const at of ['before', 'middle', 'after'] as const) {
    it(`cuts the connection ${at === 'middle' ? 'in the middle of' : at} a reply: it arrives all the same`, async function () {
      this.timeout(30_000);
      const queue = uniqueName('kit-cut');
      await serve(queue);
      const cut = network.cutAt({ command: 'SEND', kind: 'reply', body: 'tea' }, at);
      const asked = await requestor.ask(queue, 'a cup of tea');
      await cut.reached();
      expect((await asked.onlyReply({ withinMs: 20_000 })).text()).to.equal('a cup of tea');
    });
  }

  it('keeps a reply until it is released, and swaps two', async function () {
    this.timeout(30_000);
    const queue = uniqueName('kit-late');
    await serve(queue);
    const held = network.hold({ command: 'SEND', kind: 'reply' });
    const first = await requestor.ask(queue, 'first');
    await held.reached();
    const second = await requestor.ask(queue, 'second');
    await second.reply();
    expect(first.replies).to.deep.equal([]);
    held.release();
    await first.reply();

    const swapped = network.swap({ command: 'SEND', kind: 'reply' });
    const third = await requestor.ask(queue, 'third');
    await swapped.reached();
    expect(third.replies).to.deep.equal([]);
    await (await requestor.ask(queue, 'fourth')).reply();
    await third.reply();
    expect(network.events.map(({ kind }) => kind)).to.include.members(['held', 'released', 'swapped']);
  });

  it('poisons a reply', async function () {
    this.timeout(30_000);
    const queue = uniqueName('kit-poison');
    await serve(queue);
    network.alter({ command: 'SEND', kind: 'reply' }, poisons.malformedFault);
    const asked = await requestor.ask(queue, 'tea');
    expect((await asked.reply()).invalid).to.match(/^its fault cannot be read/u);
    expect((await (await requestor.ask(queue, 'milk')).onlyReply({ quietMs: 10 })).text()).to.equal('milk');
  });

  it('lets a client that acknowledges all up to a message not acknowledge what it never got', async function () {
    this.timeout(30_000);
    const queue = uniqueName('kit-client-ack');
    const lost = network.drop({ command: 'MESSAGE', queue, nth: 2 });
    const reader = await stranger();
    await reader.subscribe(queue, { ack: 'client' });
    for (const text of ['one', 'two', 'three']) await requestor.ask(queue, text);
    await reader.take('MESSAGE');
    const three = await reader.take('MESSAGE');
    expect(three.text).to.equal('three');
    await reader.confirmed('ACK', { id: three.headers['ack']! });
    await lost.reached();
    reader.destroy();
    const next = await stranger();
    await next.subscribe(queue);
    expect((await next.take('MESSAGE')).text).to.equal('two');
    await requestor.ask(queue, 'marker');
    expect((await next.take('MESSAGE')).text).to.equal('marker');
  });

  it('shows a broker that is away and comes back', async function () {
    this.timeout(30_000);
    const queue = uniqueName('kit-away');
    await serve(queue);
    network.refuse();
    network.cut();
    const asked = await requestor.ask(queue, 'tea');
    await until(() => network.events.some(({ kind }) => kind === 'refused'), { what: 'an attempt' });
    network.accept();
    expect((await asked.reply({ withinMs: 20_000 })).text()).to.equal('tea');
  });
}
