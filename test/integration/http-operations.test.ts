import { expect } from 'chai';
import { WebSocket } from 'ws';
import { createReplier } from '#app/library/create-replier.js';
import { countedEvents } from '#core/ports/meter.js';
import type { EmbeddedProcess } from '../support/embedded-process.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import type { TestGateway } from '../support/gateway.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { until, within } from '../support/until.js';

describe('operations over HTTP', () => {
  const bench = httpBench();

  it('/livez says that the process is alive', async () => {
    const answer = await call(`${bench.url}/livez`);
    expect([answer.status, answer.text()]).to.deep.equal([200, 'alive\n']);
    expect(answer.headers).to.include({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    });
  });

  it('/readyz says in one word whether it takes requests, and lists each check when asked', async () => {
    const answer = await call(`${bench.url}/readyz`);
    expect([answer.status, answer.text()]).to.deep.equal([200, 'ready\n']);
    for (const query of ['verbose', 'verbose=1', 'verbose=']) {
      const verbose = await call(`${bench.url}/readyz?${query}`);
      expect(verbose.status).to.equal(200);
      expect(verbose.text().trimEnd().split('\n')).to.have.lengthOf(6);
      expect(verbose.text()).to.match(
        /^\[\+\] store: answers\n\[\+\] broker: connected to .+\n\[\+\] replies: being received\n\[\+\] prefix: used by this deployment alone\n\[\+\] outbox: 0 of 100000 .+\n\[\+\] running: yes\n$/u,
      );
    }
  });

  it('/version names the product, its version, Node and the broker', async () => {
    const answer = await call(`${bench.url}/version`);
    expect(answer.status).to.equal(200);
    expect(answer.headers['content-type']).to.equal('application/json');
    const version = answer.json();
    expect(version).to.have.all.keys('name', 'version', 'node', 'broker', 'brokerUrl');
    expect(version).to.include({ name: 'replyto', node: process.versions.node });
    expect(version['version']).to.match(/^\d+\.\d+\.\d+/u);
    expect(version['broker']).to.be.a('string');
    // On a port of its own choice.
    expect(version['brokerUrl']).to.equal('embedded:');
  });

  it('/metrics has a counter for everything that is counted, gauges, the time to a reply and the process', async () => {
    const answer = await call(`${bench.url}/metrics`);
    expect(answer.status).to.equal(200);
    expect(answer.headers['content-type']).to.match(/^text\/plain; version=0\.0\.4/u);
    expect(answer.headers['cache-control']).to.equal('no-store');
    const types: Record<string, string> = {};
    for (const [, name = '', type = ''] of answer.text().matchAll(/^# TYPE (\S+) (\S+)$/gmu))
      types[name] = type;
    for (const event of Object.keys(countedEvents)) {
      expect(types[`replyto_${event.replaceAll('-', '_')}_total`], event).to.equal('counter');
    }
    expect(types).to.include({
      replyto_requests_pending: 'gauge',
      replyto_requests_unsent: 'gauge',
      replyto_waits: 'gauge',
      replyto_sends_in_flight: 'gauge',
      replyto_queues_held: 'gauge',
      replyto_broker_up: 'gauge',
      replyto_subscriptions_up: 'gauge',
      replyto_reply_seconds: 'histogram',
      replyto_process_cpu_seconds_total: 'counter',
    });
  });

  it('/metrics times every stage of a request, by the path of its route', async () => {
    const action = uniqueName('timed').replaceAll('.', '-');
    const queue = `shop.items.${action}`;
    const answers = uniqueName('answers');
    const taken = await bench.listen(answers);
    await bench.serve(queue, () => 'ok');
    const ask = (headers: Record<string, string>): Promise<unknown> =>
      post(`${bench.url}/shop/items/${action}`, '{}', {
        prefer: 'wait=10',
        'message-id': action,
        ...headers,
      });
    await ask({ 'reply-to': answers });
    await ask({ 'reply-to': answers });
    await ask({ 'reply-to': answers, time: 'bad' });
    const route = 'route="/{service}/{resource}/{action}"';
    const wanted = [
      `replyto_accept_seconds_count{${route},outcome="accepted"} 1`,
      `replyto_accept_seconds_count{${route},outcome="joined"} 1`,
      `replyto_accept_seconds_count{${route},outcome="refused"} 1`,
      `replyto_send_seconds_count{${route},outcome="sent"} 1`,
      `replyto_service_seconds_count{${route},outcome="replied"} 1`,
      `replyto_settle_seconds_count{${route},outcome="settled"} 1`,
      `replyto_answer_seconds_count{${route},outcome="replied"} 1`,
      `replyto_forward_seconds_count{${route},outcome="delivered"} 1`,
    ];
    await until(() => taken.length === 1, { what: 'the reply on its queue' });
    await until(
      async () => {
        const lines = (await call(`${bench.url}/metrics`)).text().split('\n');
        expect(wanted.filter((line) => !lines.includes(line))).to.deep.equal([]);
        return true;
      },
      { what: 'every stage to be timed once' },
    );
  });

  it('/metrics counts what happens, and never names an id', async () => {
    const names = [
      'requests_accepted_total',
      'requests_sent_total',
      'requests_replied_total',
      'requests_joined_total',
      'requests_refused_total',
      'reply_seconds_count',
    ];
    const before = await Promise.all(names.map((name) => bench.metric(name)));
    const queue = uniqueName('metrics');
    await bench.serve(queue, () => 'ok');
    await bench.ask(queue, { prefer: 'wait=10', 'message-id': queue });
    await bench.ask(queue, { prefer: 'wait=10', 'message-id': queue });
    await bench.ask(queue, { time: 'bad' });
    await until(
      async () => {
        const after = await Promise.all(names.map((name) => bench.metric(name)));
        return after.every((value, index) => value === before[index]! + 1);
      },
      { what: 'each counter to have gone up by one' },
    );
    expect((await call(`${bench.url}/metrics`)).text()).not.to.include(queue);
    expect(await bench.metric('requests_pending')).to.equal(0);
  });
});

describe('operations of a gateway whose broker goes away', () => {
  let broker: EmbeddedProcess;
  let gateway: TestGateway;
  before(async () => {
    broker = await startEmbeddedProcess();
    gateway = await startGateway({ brokerUrl: broker.url.replace('//', '//ada:secret@') });
  });
  after(async () => {
    await gateway.stop();
    await broker.stop();
  });

  it('name the broker without its login, and say that it is away and that no replies are received', async () => {
    const told = async (): Promise<string> => (await call(`${gateway.url}/readyz?verbose`)).text();
    await until(async () => (await told()).includes('[+] replies: being received'), { what: 'replies' });
    const before = (await call(`${gateway.url}/version`)).json();
    expect(before['brokerUrl']).to.equal(broker.url);
    expect(before['broker']).to.match(/^replyto-embedded/u);

    await broker.kill();
    await until(async () => (await told()).includes('[-] broker: away'), { what: 'the broker to be missed' });
    expect(await told()).to.match(/^\[-\] replies: 0 of \d+ subscriptions are up$/mu);
    const after = (await call(`${gateway.url}/version`)).json();
    expect(after).to.include({ broker: null, brokerUrl: broker.url });
    expect(`${JSON.stringify(before)}${JSON.stringify(after)}${await told()}`)
      .not.to.contain('secret')
      .and.not.to.contain('ada');

    await broker.restart();
    await until(async () => (await told()).includes('[+] replies: being received'), {
      what: 'replies to be received again',
    });
  });
});

/** A deadline that no test sees: whoever waits for it is waited for in vain. */
const longMs = 3_600_000;

describe('a gateway that stops', () => {
  it('answers who waits with 202 and the way back, refuses new work, and is not ready', async () => {
    const gateway = await startGateway();
    let stopped: Promise<void> | undefined;
    try {
      const queue = uniqueName('stop');
      const waiting = post(`${gateway.url}/requests/${queue}`, '{}', {
        prefer: 'wait=30',
        'message-id': queue,
      });
      await until(async () => /^replyto_waits 1$/mu.test((await call(`${gateway.url}/metrics`)).text()), {
        what: 'the caller to wait',
      });
      stopped = gateway.stop(longMs);
      const answer = await waiting;
      expect(answer.status, answer.text()).to.equal(202);
      // Its client would keep the connection open for seconds.
      await within(stopped, { what: 'the gateway to stop' });
      expect(answer.headers).to.include({ location: `/requests/${queue}`, 'message-id': queue });
    } finally {
      await (stopped ?? gateway.stop());
    }
    // It does not listen any more; nobody is left hanging.
    const refused = await call(`${gateway.url}/livez`).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);
  });

  it('lets a reply under way come whole, refuses half a call, and leaves the other parts most of the time', async () => {
    const gateway = await startGateway();
    let stopped: Promise<void> | undefined;
    const port = Number(new URL(gateway.url).port);
    const queue = uniqueName('stop');
    // More than the system holds for a client that reads nothing.
    const large = Buffer.alloc(10_000_000, 'x');
    const replier = createReplier({ broker: gateway.broker, queue, handler: () => large });
    await replier.start();
    const slow = await openRawHttp(port);
    const half = await openRawHttp(port);
    try {
      const asked = { prefer: 'wait=15', 'message-id': queue };
      const answer = await post(`${gateway.url}/requests/${queue}`, '{}', asked);
      expect(answer.status).to.equal(200);
      await replier.stop(1_000);
      slow.pause();
      slow.write(rawRequest(`GET /requests/${queue}/reply`, []));
      half.write(rawRequest(`POST /requests/${queue}`, [], 'x'.repeat(100)).slice(0, -97));
      expect((await call(`${gateway.url}/livez`)).status).to.equal(200);
      // The half call would take all of it.
      stopped = gateway.stop(longMs);
      problemOf(await half.answer(), 503, 'SHUTTING_DOWN');
      slow.resume();
      expect((await slow.answer()).body.equals(large)).to.equal(true);
      await within(stopped, { what: 'the gateway to stop' });
    } finally {
      for (const connection of [slow, half]) connection.destroy();
      await (stopped ?? gateway.stop());
    }
  });

  it('ends idle connections at once and waits for no WebSocket', async () => {
    const gateway = await startGateway();
    let stopped: Promise<void> | undefined;
    const port = Number(new URL(gateway.url).port);
    const idle = await openRawHttp(port);
    const fresh = await openRawHttp(port);
    const socket = new WebSocket(`ws://127.0.0.1:${port}/broker`, ['v12.stomp']);
    try {
      await within(new Promise((resolve) => socket.once('open', resolve)), { what: 'the WebSocket to open' });
      idle.write(rawRequest('GET /livez', []));
      expect((await idle.answer()).status).to.equal(200);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      stopped = gateway.stop(longMs);
      await within(stopped, { what: 'the gateway to stop' });
      await idle.closed();
      await fresh.closed();
      await within(closed, { what: 'the broker to close the WebSocket' });
    } finally {
      for (const connection of [idle, fresh]) connection.destroy();
      socket.terminate();
      await (stopped ?? gateway.stop());
    }
  });
});
