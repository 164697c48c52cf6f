import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import type { Broker } from '#app/library/connect-broker.js';
import { connectBroker } from '#app/library/connect-broker.js';
import { queue as queueNamed } from '#core/destination.js';
import { silentLogger } from '#core/ports/logger.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import { newMessage } from '../support/messages.js';
import { report } from '../support/report.js';
import { outcomeOf, startRequestLoad } from '../support/request-load.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import { until } from '../support/until.js';

/** Consumers over HTTP whose gateway is killed, at exact moments and at random. */
export function describeLeaseCrashes(brokerUrl: () => string): void {
  let proxy: FaultyNetwork;
  let gateway: ServedGateway;
  let broker: Broker;
  /** Of the gateway itself. */
  let subscriptions: number;

  beforeEach(async function () {
    this.timeout(60_000);
    proxy = await startFaultyNetwork({ broker: brokerUrl() });
    gateway = await serveGateway({
      brokerUrl: proxy.url,
      settings: { REPLYTO_PREFIX: `lease-${randomUUID()}` },
    });
    subscriptions = await gateway.metric('replyto_subscriptions_up');
    broker = await connectBroker({ url: brokerUrl(), logger: silentLogger });
  });
  afterEach(async function () {
    this.timeout(60_000);
    await broker.close();
    await gateway.remove();
    await proxy.stop();
  });

  const read = (queue: string, waitSeconds = 20): Promise<HttpAnswer> =>
    call(`${gateway.url}/queues/${queue}/messages`, { headers: { prefer: `wait=${waitSeconds}` } });

  const urlOf = (leased: HttpAnswer): string => `${gateway.url}${leased.headers['content-location']!}`;

  /** Whose sending is confirmed, so that no restart sends it again. */
  async function ask(queue: string): Promise<string> {
    const id = randomUUID();
    const headers = { 'message-id': id, prefer: 'respond-async', 'content-type': 'text/plain' };
    expect((await post(`${gateway.url}/requests/${queue}`, 'hello', headers)).status).to.equal(202);
    await until(async () => (await call(`${gateway.url}/requests/${id}`)).json()['status'] === 'sent', {
      what: 'the receipt',
    });
    return id;
  }

  const replyOf = (id: string): Promise<HttpAnswer> =>
    call(`${gateway.url}/requests/${id}/reply`, { headers: { prefer: 'wait=20' } });

  /** Killed, and started again with a network that holds nothing back. */
  async function crash(): Promise<void> {
    await gateway.kill();
    proxy.cut();
    await gateway.restart({ brokerUrl: brokerUrl() });
  }

  it('keeps a lease whose message the broker was not told to forget, and does not hand it out twice', async function () {
    this.timeout(60_000);
    const [queue, answers] = [uniqueName('unacknowledged'), uniqueName('answers')];
    const reading = read(queue);
    await until(async () => (await gateway.metric('replyto_queues_read')) === 1, { what: 'the reader' });
    // From now on the broker hears nothing of the gateway.
    await until(async () => (await gateway.metric('replyto_subscriptions_up')) === subscriptions + 1, {
      what: 'the subscription',
    });
    proxy.holdCalls();
    const message = newMessage({ replyTo: queueNamed(answers) });
    await broker.parts.broker.channel.send(queueNamed(queue), message);
    const leased = await reading;
    expect(leased.headers['message-id']).to.equal(message.messageId);
    await crash();
    expect((await read(queue, 3)).status).to.equal(204);
    const replied = await post(`${urlOf(leased)}/reply`, 'done', { 'content-type': 'text/plain' });
    expect(replied.status, replied.text()).to.equal(202);
    const answer = await read(answers);
    expect([answer.headers['correl-id'], answer.text()]).to.deep.equal([message.messageId, 'done']);
    expect((await read(queue, 1)).status).to.equal(204);
  });

  it('keeps a lease, and lets its holder answer after the restart', async function () {
    this.timeout(60_000);
    const queue = uniqueName('leased');
    const id = await ask(queue);
    const leased = await read(queue);
    await crash();
    expect((await post(`${urlOf(leased)}/reply`, 'done')).status).to.equal(202);
    expect((await replyOf(id)).text()).to.equal('done');
    expect((await read(queue, 1)).status).to.equal(204);
  });

  it('sends a reply that it had accepted and not yet sent', async function () {
    this.timeout(60_000);
    const queue = uniqueName('unsent');
    const id = await ask(queue);
    const leased = await read(queue);
    proxy.holdCalls();
    expect((await post(`${urlOf(leased)}/reply`, 'done')).status).to.equal(202);
    await crash();
    expect((await replyOf(id)).text()).to.equal('done');
  });

  it('gives back a message that was released and not yet sent', async function () {
    this.timeout(60_000);
    const queue = uniqueName('released');
    const id = await ask(queue);
    const leased = await read(queue);
    proxy.holdCalls();
    expect((await post(`${urlOf(leased)}/release`, '')).status).to.equal(204);
    await crash();
    // The broker may not have heard that the first was done with, and then delivers that too.
    const again = await until(
      async () => {
        const next = await read(queue);
        expect(next.headers['message-id']).to.equal(id);
        expect((await call(urlOf(next), { method: 'DELETE' })).status).to.equal(204);
        return next.headers['attempt'] === '2';
      },
      { what: 'the second attempt', withinMs: 30_000 },
    );
    expect(again).to.equal(true);
  });

  it('loses nothing that services over HTTP work on when it is killed three times', async function () {
    this.timeout(300_000);
    await gateway.kill();
    await gateway.restart({ brokerUrl: brokerUrl() });
    const queue = uniqueName('work');
    const runs = new Map<string, number>();
    let working = true;

    /** A service of nothing but HTTP, which tries again whatever happens. */
    async function worker(): Promise<void> {
      let answering: { readonly url: string; readonly body: string } | undefined;
      while (working) {
        try {
          if (answering === undefined) {
            const leased = await call(`${gateway.url}/queues/${queue}/messages`, {
              headers: { prefer: 'wait=1', 'lease-seconds': '5' },
            });
            if (leased.status !== 200) continue;
            const id = leased.headers['message-id']!;
            runs.set(id, (runs.get(id) ?? 0) + 1);
            answering = { url: `${urlOf(leased)}/reply`, body: leased.text() };
          }
          const { status } = await post(answering.url, answering.body, {
            'content-type': 'application/json',
          });
          // 404 and 410 say that the message is another's by now; after anything else it may be answered again.
          if (status < 300 || status === 404 || status === 410) answering = undefined;
        } catch {
          await until(
            () =>
              call(`${gateway.url}/livez`).then(
                () => true,
                () => !working,
              ),
            {
              what: 'the gateway',
              withinMs: 30_000,
            },
          );
        }
      }
    }

    const workers = Array.from({ length: 10 }, worker);
    const headers = { prefer: 'respond-async' };
    const load = startRequestLoad({
      ...{ url: gateway.url, queue, callers: 5, pauseMs: 30, headers },
      // A busy machine serves fewer than it accepts, and all have to be answered in the end.
      isAhead: () => load.accepted.length > runs.size + 50,
    });
    for (let round = 1; round <= 3; round += 1) {
      const [accepted, run] = [load.accepted.length + 100, runs.size + 50];
      await until(() => load.accepted.length >= accepted && runs.size >= run, {
        what: `${accepted} accepted requests, ${run} of them at work`,
        withinMs: 60_000,
      });
      await gateway.kill();
      await gateway.restart();
    }
    await load.stop();
    const { lost, wrong } = await outcomeOf(gateway.url, load.accepted, 40);
    working = false;
    await Promise.all(workers);
    const twice = load.accepted.filter((id) => (runs.get(id) ?? 0) > 1).length;
    report(
      this,
      `${load.accepted.length} accepted and served over HTTP alone, 3 kills: ${lost} lost, ${wrong} wrong, ${twice} handed out twice`,
    );
    expect({ lost, wrong }).to.deep.equal({ lost: 0, wrong: 0 });
  });
}
