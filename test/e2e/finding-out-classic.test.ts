import { expect } from 'chai';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import { createReplier } from '#app/library/create-replier.js';
import { silentLogger } from '#core/ports/logger.js';
import type { RequestTraceDocument, RequestWhyDocument } from '#schema/request-life.js';
import { describeOn } from '../support/brokers.js';
import { cli } from '../support/cli.js';
import { uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import type { SilentProxy } from '../support/silent-proxy.js';
import { startSilentProxy } from '../support/silent-proxy.js';
import { until } from '../support/until.js';

/** With processes of their own: gateway, broker, and each command. */
describeOn('classic', 'finding out about a request', function (classic) {
  let proxy: SilentProxy | undefined;
  let gateway: ServedGateway;
  let broker: Broker | undefined;

  before(async function () {
    this.timeout(90_000);
    proxy = await startSilentProxy(classic().url);
    gateway = await serveGateway({
      brokerUrl: proxy.url,
      settings: { REPLYTO_PREFIX: `life-${Date.now()}` },
    });
    broker = await connectBroker({ url: classic().url, logger: silentLogger });
  });
  after(async function () {
    this.timeout(60_000);
    await broker?.close();
    await (gateway as ServedGateway | undefined)?.remove();
    await proxy?.stop();
  });

  const statusOf = async (id: string): Promise<unknown> =>
    (await call(`${gateway.url}/requests/${id}`)).json<{ status: string }>().status;
  const whyOf = async (id: string): Promise<RequestWhyDocument> =>
    (await call(`${gateway.url}/requests/${id}/why`)).json();
  const traceOf = async (id: string): Promise<RequestTraceDocument> =>
    (await call(`${gateway.url}/requests/${id}/trace`)).json();
  async function ask(
    queue: string,
    id: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    const { status } = await post(`${gateway.url}/requests/${queue}`, '{}', {
      ...{ 'message-id': id, prefer: 'respond-async' },
      ...headers,
    });
    expect(status).to.equal(202);
  }

  it('tells that nobody consumes the queue of a request, how many messages are in it, and what to do', async function () {
    this.timeout(60_000);
    const queue = uniqueName('orphans');
    const ids = [uniqueName('first'), uniqueName('second')] as const;
    for (const id of ids) await ask(queue, id, { 'request-timeout': '600' });
    await until(async () => (await statusOf(ids[1])) === 'sent', { what: 'it was sent' });
    const why = await until(
      async () => {
        const found = await whyOf(ids[1]);
        return found.queue.consumers !== null && found;
      },
      { what: 'an answer of the broker', withinMs: 20_000 },
    );
    expect(why).to.deep.include({
      ...{ id: ids[1], status: 'sent', waitsFor: 'service' },
      queue: {
        ...{ name: queue, depth: 2, isAtLeast: false, inFlight: null, consumers: 0 },
        ...{ message: 'there', unknown: null },
      },
    });
    expect(why.whatToDo[0]).to.contain(`Start a service that consumes ${queue}`);
    expect(why.findings.map(({ code }) => code)).to.deep.equal(['no-consumers', 'expires']);

    const shown = await cli(['why', ids[1]], { env: { REPLYTO_URL: gateway.url } });
    expect(shown.code, shown.stderr).to.equal(0);
    expect(shown.stdout).to.match(/^status +sent\nwaits for service +a service of .* has to answer; nobody/u);
    expect(shown.stdout).to.contain(`${queue}: 2 messages, 0 consumers, this one is there`);
    expect(shown.stdout).to.match(/\nwhat to do +Start a service/u);
  });

  it('tells who took over a request when its gateway was killed between sending it and the receipt', async function () {
    this.timeout(120_000);
    const queue = uniqueName('taken');
    const id = uniqueName('order');
    // What the broker says is held back: the message gets there, its receipt does not come back.
    proxy!.fallSilent();
    await ask(queue, id, { 'reply-to': uniqueName('answers') });
    const waiting = await whyOf(id);
    expect(waiting).to.include({ status: 'accepted', waitsFor: 'receipt' });
    await gateway.kill();
    proxy!.resume();
    await gateway.restart();
    const service = createReplier({ broker: broker!, queue, handler: () => 'done' });
    await service.start();
    try {
      await until(async () => (await traceOf(id)).entries.some(({ what }) => what === 'forwarded'), {
        what: 'the reply in its queue',
        withinMs: 60_000,
      });
    } finally {
      await service.stop(2_000);
    }
    const { entries } = await traceOf(id);
    const whats = entries.map(({ what }) => what);
    expect(whats.slice(0, 2)).to.deep.equal(['accepted', 'sent-again']);
    expect(whats).to.include.members(['sent', 'replied', 'forward-queued', 'forwarded']);
    const by = (wanted: string): string | null =>
      entries.find(({ what }) => what === wanted)?.instance ?? null;
    const [before, after] = [by('accepted'), by('sent-again')];
    expect(before).to.match(/^[0-9a-f-]{36}$/u);
    expect(after).to.match(/^[0-9a-f-]{36}$/u);
    expect(after).not.to.equal(before);
    expect(entries[1]!.detail).to.deep.equal({ before, count: 1 });
    for (const what of ['sent', 'replied', 'forwarded']) expect(by(what), what).to.equal(after);
    expect(entries.map(({ afterMs }) => afterMs)).to.deep.equal(
      entries.map(({ afterMs }) => afterMs).sort((a, b) => a - b),
    );
    expect(await whyOf(id)).to.include({ status: 'replied', waitsFor: 'nothing' });

    const shown = await cli(['trace', id], { env: { REPLYTO_URL: gateway.url } });
    expect(shown.code, shown.stderr).to.equal(0);
    const [head = '', first = ''] = shown.stdout.split('\n');
    expect(head).to.match(/^TIME +\+MS +WHAT +INSTANCE +SAYS$/u);
    expect(first).to.match(/^\d{4}-.*Z +\+0 +accepted +[0-9a-f-]{36} +accepted for /u);
    expect(shown.stdout).to.contain(`before, instance ${before} had it`);
  });

  it('tells nothing of a request that nobody posted', async () => {
    for (const what of ['trace', 'why']) {
      expect((await call(`${gateway.url}/requests/nobody/${what}`)).status).to.equal(404);
      const shown = await cli([what, 'nobody'], { env: { REPLYTO_URL: gateway.url } });
      expect(shown).to.include({ code: 3, stdout: '' });
    }
  });
});
