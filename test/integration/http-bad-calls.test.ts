import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { openRawHttp, rawCall, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

describe('bad calls over HTTP', () => {
  const bench = httpBench();

  /** A request that is still open. */
  async function openRequest(): Promise<{ id: string; queue: string }> {
    const queue = uniqueName('calls');
    const answer = await bench.ask(queue, { prefer: 'respond-async' });
    const id = answer.headers['message-id']!;
    bench.expected(id);
    return { id, queue };
  }

  for (const path of [
    '/requests/%',
    '/requests/%zz',
    '/requests/%E0%A4%A',
    '/requests/%ff/reply',
    '/requests/%c3%28/events',
    '/problems/%',
    '/docs/%f',
  ]) {
    it(`GET ${path} gets 400 for its percent-encoding`, async () => {
      const answer = await rawCall(bench.port, rawRequest(`GET ${path}`, []));
      expect(faultOf(answer, 400, 'INVALID_REQUEST')).to.deep.equal({
        field: 'path',
        allowed: 'valid percent-encoding',
      });
    });
  }

  for (const path of ['/requests/%zz', '/orders/%zz/create', '/%/a/b', '/a/b/%c3']) {
    it(`POST ${path} gets 400 for its percent-encoding, and nothing is stored or sent`, async () => {
      const queue = uniqueName('calls');
      const received = await bench.listen(queue);
      const answer = await rawCall(bench.port, rawRequest(`POST ${path}`, [], '{}'));
      const fault = faultOf(answer, 400, 'INVALID_REQUEST');
      expect(fault).to.include({ field: 'path', allowed: 'valid percent-encoding' });
      await bench.expectNothingHappened(queue, received);
    });
  }

  it('parameters that nobody knows get 400 with those that are known', async () => {
    const { id, queue } = await openRequest();
    const known: Record<string, string> = {
      '/requests?colour=red': 'one of status, queue, project, parent, before, limit',
      [`/requests/${id}?wait=5`]: 'no query; this resource has no parameters',
      [`/requests/${id}/reply?number=1`]: 'n',
      [`/requests/${id}/events?from=1`]: 'one of after, kind, limit',
      '/status?project=a': 'limit',
      '/status/shop?from=1': 'one of after, limit, kind, subject',
      '/status/shop/subjects?after=1': 'one of limit, before',
    };
    for (const [path, allowed] of Object.entries(known)) {
      const fault = faultOf(await call(`${bench.url}${path}`), 400, 'INVALID_REQUEST');
      expect(fault, path).to.deep.include({ field: `?${/\?(\w+)/u.exec(path)![1]!}`, allowed });
    }
    const cancel = await call(`${bench.url}/requests/${id}?force=1`, { method: 'DELETE' });
    expect(faultOf(cancel, 400, 'INVALID_REQUEST').field).to.equal('?force');
    expect((await bench.status(id)).status).to.not.equal('cancelled');
    expect(queue).to.be.a('string');
  });

  happens(
    'HTTP',
    'a query with a call that asks',
    '400, because it would be lost; nothing stored or sent',
    async () => {
      const queue = uniqueName('calls');
      const received = await bench.listen(queue);
      for (const path of [`/requests/${queue}?wait=5`, '/orders/x/create?dry=1']) {
        const fault = faultOf(await post(`${bench.url}${path}`, '{}'), 400, 'INVALID_REQUEST');
        expect(fault.allowed).to.equal('no query; this resource has no parameters');
      }
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens('HTTP', 'a parameter that is given twice', '400 that names it with both values', async () => {
    const fault = faultOf(await call(`${bench.url}/requests?limit=1&limit=2`), 400, 'INVALID_REQUEST');
    expect(fault).to.deep.equal({ field: '?limit', value: '["1","2"]', allowed: 'given once' });
  });

  for (const value of ['0', '-1', '501', 'abc', '1.5', '', '1e2']) {
    it(`?limit=${value} gets 400 with its bounds`, async () => {
      const answer = await call(`${bench.url}/requests?limit=${value}`);
      expect(faultOf(answer, 400, 'INVALID_REQUEST')).to.deep.equal({
        field: '?limit',
        value,
        allowed: 'a whole number from 1 to 500',
      });
    });
  }

  it('?status that is none and ?before that nobody knows get 400', async () => {
    const status = faultOf(await call(`${bench.url}/requests?status=lost`), 400, 'INVALID_REQUEST');
    expect(status).to.deep.include({ field: '?status', value: 'lost' });
    expect(status.allowed).to.match(/^one of accepted, sent, replied/u);
    const before = faultOf(await call(`${bench.url}/requests?before=nobody`), 400, 'INVALID_REQUEST');
    expect(before).to.deep.equal({
      field: '?before',
      value: 'nobody',
      allowed: 'the id of a request that is kept here',
    });
  });

  happens(
    'HTTP',
    'several wrong parameters of GET /requests, unknown ones among them',
    '400 that names each of them with its value and what is allowed',
    async () => {
      const query = '?colour=red&status=lost&queue=a%2Cb&project=a%3E&before=nobody&limit=0&limit=1';
      const answer = await call(`${bench.url}/requests${query}`);
      const { problems = [] } = problemOf(answer, 400, 'INVALID_REQUEST');
      const fields = ['?colour', '?limit', '?status', '?queue', '?project', '?before'];
      expect(problems.map(({ field }) => field)).to.deep.equal(fields);
      for (const { field, value, allowed } of problems) {
        expect([value, allowed], field).to.satisfy((texts: string[]) => texts.every((text) => text !== ''));
      }
      const single = await call(`${bench.url}/requests?limit=501&status=lost`);
      expect(problemOf(single, 400, 'INVALID_REQUEST').problems).to.have.lengthOf(2);
    },
  );

  for (const [parameter, value] of [
    ['queue', 'a,b'],
    ['queue', '\u0000'],
    ['project', 'a>'],
    ['project', '\u0000'],
    ['before', '\u0000'],
  ] as const) {
    it(`?${parameter} with ${JSON.stringify(value)} gets 400, because nothing has such a name`, async () => {
      const answer = await call(`${bench.url}/requests?${parameter}=${encodeURIComponent(value)}`);
      const fault = faultOf(answer, 400, 'INVALID_REQUEST');
      expect(fault).to.deep.include({ field: `?${parameter}`, value });
    });
  }

  for (const value of ['0', 'abc', '-1', '1000001']) {
    it(`?n=${value} gets 400 with its bounds`, async () => {
      const { id } = await openRequest();
      const answer = await call(`${bench.url}/requests/${id}/reply?n=${value}`);
      expect(faultOf(answer, 400, 'INVALID_REQUEST')).to.deep.equal({
        field: '?n',
        value,
        allowed: 'a whole number from 1 to 1000000',
      });
    });
  }

  it('?n of a reply that has not come gets 400 that says how many there are', async () => {
    const { id } = await openRequest();
    const fault = faultOf(await call(`${bench.url}/requests/${id}/reply?n=2`), 400, 'INVALID_REQUEST');
    expect(fault).to.deep.equal({ field: '?n', value: '2', allowed: 'no reply has come yet' });
  });

  for (const value of ['abc', '-1', '1.5', '9'.repeat(30)]) {
    it(`Last-Event-ID: ${value} gets 400`, async () => {
      const { id } = await openRequest();
      const events = `${bench.url}/requests/${id}/events`;
      const header = faultOf(
        await call(events, { headers: { 'last-event-id': value } }),
        400,
        'INVALID_REQUEST',
      );
      expect(header).to.deep.include({ field: 'Last-Event-ID', value });
      const parameter = faultOf(await call(`${events}?after=${value}`), 400, 'INVALID_REQUEST');
      expect(parameter).to.deep.include({ field: '?after', value });
    });
  }

  happens(
    'HTTP',
    'a Prefer that makes no sense, on each call that can wait',
    '400 that names it',
    async () => {
      const { id } = await openRequest();
      for (const path of [`/requests/${id}`, `/requests/${id}/reply`]) {
        const answer = await call(`${bench.url}${path}`, { headers: { prefer: 'wait=soon' } });
        expect(faultOf(answer, 400, 'INVALID_REQUEST')).to.include({ field: 'Prefer', value: 'wait=soon' });
      }
    },
  );

  happens('HTTP', 'a request that nobody knows', '404 from each of its resources', async () => {
    for (const [method, path] of [
      ['GET', '/requests/nobody'],
      ['GET', '/requests/nobody/reply'],
      ['GET', '/requests/nobody/events'],
      ['DELETE', '/requests/nobody'],
      ['GET', '/requests/a%2Fb'],
      ['GET', '/requests/%00'],
    ] as const) {
      problemOf(await call(`${bench.url}${path}`, { method }), 404, 'REQUEST_NOT_FOUND');
    }
  });

  it('a path that is no resource and no route gets 404', async () => {
    for (const [method, path] of [
      ['GET', '/nothing'],
      ['POST', '/two/segments'],
      ['POST', '/four/segments/are/many'],
      ['POST', '//empty/segment'],
      ['POST', '/orders//create'],
      ['GET', '/requests/x/y'],
      ['GET', '/REQUESTS'],
      ['GET', '/requests/x/reply/more'],
    ] as const) {
      const problem = problemOf(await call(`${bench.url}${path}`, { method }), 404, 'ROUTE_NOT_FOUND');
      expect(problem.detail).to.include(path);
    }
  });

  happens(
    'HTTP',
    'POST to a path of the API that looks like a route',
    '404 or 405, nothing stored or sent',
    async () => {
      const queue = uniqueName('calls');
      const received = await bench.listen(queue);
      for (const path of ['/requests/x/y', '/Status/x/y', '/dead-letters/x/more', '/%72equests/x/y']) {
        problemOf(await rawCall(bench.port, rawRequest(`POST ${path}`, [], '{}')), 404, 'ROUTE_NOT_FOUND');
      }
      faultOf(await post(`${bench.url}/requests/x/events`, '{}'), 405, 'METHOD_NOT_ALLOWED');
      await bench.expectNothingHappened(queue, received);
    },
  );

  for (const [path, methods] of [
    ['/', 'GET, HEAD'],
    ['/requests', 'GET, HEAD, POST'],
    ['/requests/x', 'DELETE, GET, HEAD, POST'],
    ['/requests/x/', 'DELETE, GET, HEAD, POST'],
    ['/requests/x/reply', 'GET, HEAD, POST'],
    ['/queues/x/messages', 'GET, POST'],
    ['/queues/x/messages/y', 'DELETE'],
    ['/queues/x/messages/y/reply', 'POST'],
    ['/requests/x/events', 'GET, HEAD'],
    ['/requests/x/deliveries', 'GET, HEAD, POST'],
    ['/dead-letters', 'DELETE, GET, HEAD'],
    ['/dead-letters/1', 'DELETE, GET, HEAD, PATCH'],
    ['/dead-letters/1/retry', 'POST'],
    ['/unmatched-replies/1/match', 'POST'],
    ['/livez', 'GET, HEAD'],
    ['/metrics', 'GET, HEAD'],
    ['/openapi.json', 'GET, HEAD'],
    ['/docs', 'GET, HEAD'],
    ['/problems/INTERNAL', 'GET, HEAD'],
    ['/a/route/path', 'POST'],
  ] as const) {
    it(`${path} offers ${methods}; other methods get 405 with them in Allow`, async () => {
      const offered: readonly string[] = methods.split(', ');
      const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'].filter(
        (name) => !offered.includes(name),
      );
      const allow = [...offered, 'OPTIONS'].sort().join(', ');
      for (const method of others) {
        const answer = await call(`${bench.url}${path}`, { method: method });
        const fault = faultOf(answer, 405, 'METHOD_NOT_ALLOWED');
        expect(fault).to.include({ field: 'method', value: method });
        expect(fault.allowed.replace(/; for [A-Z]+ there is \/.*/u, '')).to.equal(allow);
        expect(answer.headers['allow']).to.equal(allow);
      }
      const options = await call(`${bench.url}${path}`, { method: 'OPTIONS' });
      expect(options.status).to.equal(204);
      expect(options.headers['allow']).to.equal(allow);
    });
  }

  happens('HTTP', 'a method that nobody knows', '400, the connection closed', async () => {
    problemOf(await rawCall(bench.port, rawRequest('FETCH /livez', [])), 400, 'INVALID_REQUEST');
  });

  happens('HTTP', 'HEAD on each resource with GET', 'the head of GET, no body', async () => {
    const { id } = await openRequest();
    for (const path of [
      '/',
      '/requests',
      `/requests/${id}`,
      `/requests/${id}/reply`,
      `/requests/${id}/events`,
      '/livez',
      '/readyz',
      '/metrics',
      '/version',
      '/openapi.json',
      '/docs',
      '/docs/swagger-ui.css',
      '/problems',
      '/problems/INTERNAL',
    ]) {
      const head = await call(`${bench.url}${path}`, { method: 'HEAD' });
      expect(head.status, path).to.equal(path.endsWith('/reply') ? 202 : 200);
      expect(head.body.byteLength, path).to.equal(0);
      expect(head.headers['content-type'], path).to.be.a('string');
    }
  });

  happens(
    'HTTP',
    'HEAD of an event stream',
    'its head; no stream is opened, the connection goes on to the next call',
    async () => {
      const { id } = await openRequest();
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest(`HEAD /requests/${id}/events`, []));
      const head = await connection.answer();
      expect(head.headers['content-type']).to.equal('text/event-stream; charset=utf-8');
      expect(await bench.metric('waits')).to.equal(0);
      connection.write(rawRequest('GET /livez', []));
      expect((await connection.answer()).text()).to.equal('alive\n');
      connection.destroy();
    },
  );

  it('HEAD of what is not there gets the status of GET', async () => {
    expect((await call(`${bench.url}/requests/nobody`, { method: 'HEAD' })).status).to.equal(404);
    expect((await call(`${bench.url}/nothing`, { method: 'HEAD' })).status).to.equal(404);
  });

  describe('with an offer to speak another protocol', () => {
    const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];

    it('are served as if nothing had been offered, call after call', async () => {
      const queue = uniqueName('calls');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      // More than listeners of one event may be without a warning.
      for (let number = 1; number <= 15; number += 1) {
        const id = `${queue}-${number}`;
        bench.expected(id);
        const headers = [...offer, `Message-ID: ${id}`, 'Prefer: respond-async'];
        connection.write(rawRequest(`POST /requests/${queue}`, headers, `{"number":${number}}`));
        const answer = await connection.answer();
        expect(answer.status, answer.text()).to.equal(202);
        expect(answer.headers['message-id']).to.equal(id);
      }
      connection.destroy();
      await until(() => received.length === 15, { what: 'all messages' });
      expect(received.map(({ body }) => Buffer.from(body).toString())).to.include('{"number":15}');
    });

    it('may send their body later', async () => {
      const queue = uniqueName('calls');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      const body = 'x'.repeat(50_000);
      const whole = rawRequest(`POST /requests/${queue}`, [...offer, 'Prefer: respond-async'], body);
      connection.write(whole.slice(0, 40_000));
      await bench.metric('requests_pending');
      connection.write(whole.slice(40_000));
      const answer = await connection.answer();
      expect(answer.status).to.equal(202);
      bench.expected(answer.headers['message-id']!);
      connection.destroy();
      await until(() => received.length === 1, { what: 'the message' });
      expect(Buffer.from(received[0]!.body).toString()).to.equal(body);
    });
  });
});
