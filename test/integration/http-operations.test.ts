import { expect } from 'chai';
import { WebSocket } from 'ws';
import { countedEvents } from '#core/ports/meter.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
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
      expect(verbose.text().trimEnd().split('\n')).to.have.lengthOf(5);
      expect(verbose.text()).to.match(
        /^\[\+\] store: answers\n\[\+\] broker: connected to .+\n\[\+\] replies: being received\n\[\+\] outbox: 0 of 100000 .+\n\[\+\] running: yes\n$/u,
      );
    }
  });

  it('/version names the product, its version, Node and the broker', async () => {
    const answer = await call(`${bench.url}/version`);
    expect(answer.status).to.equal(200);
    expect(answer.headers['content-type']).to.equal('application/json');
    const version = answer.json();
    expect(version).to.have.all.keys('name', 'version', 'node', 'broker');
    expect(version).to.include({ name: 'replyto', node: process.versions.node });
    expect(version['version']).to.match(/^\d+\.\d+\.\d+/u);
    expect(version['broker']).to.be.a('string');
  });

  it('/metrics has a counter for everything that is counted, gauges, the time to a reply and the process', async () => {
    const answer = await call(`${bench.url}/metrics`);
    expect(answer.status).to.equal(200);
    expect(answer.headers['content-type']).to.match(/^text\/plain; version=0\.0\.4/u);
    expect(answer.headers['cache-control']).to.equal('no-store');
    const types: Record<string, string> = {};
    for (const [, name = '', type = ''] of answer.text().matchAll(/^# TYPE (\S+) (\S+)$/gmu))
      types[name] = type;
    for (const event of countedEvents) {
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
      stopped = gateway.stop();
      const answer = await waiting;
      expect(answer.status, answer.text()).to.equal(202);
      // Its client would keep the connection open for seconds.
      await within(stopped, { what: 'the gateway to stop', withinMs: 3_000 });
      expect(answer.headers).to.include({ location: `/requests/${queue}`, 'message-id': queue });
    } finally {
      await (stopped ?? gateway.stop());
    }
    // It does not listen any more; nobody is left hanging.
    const refused = await call(`${gateway.url}/livez`).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);
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
      stopped = gateway.stop();
      await within(stopped, { what: 'the gateway to stop', withinMs: 3_000 });
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
