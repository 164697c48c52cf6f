import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import type { RawHttp } from '../support/raw-http.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

/** A call that waits for its reply. */
function waiting(queue: string, body = '{}'): string {
  return rawRequest(`POST /requests/${queue}`, [`Message-ID: ${queue}`, 'Prefer: wait=10'], body);
}

describe('several calls on one connection', () => {
  const bench = httpBench();
  const connections: RawHttp[] = [];
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
  });

  async function open(bytes: string): Promise<RawHttp> {
    const connection = await openRawHttp(bench.port);
    connections.push(connection);
    connection.write(bytes);
    return connection;
  }

  happens(
    'HTTP',
    'a body longer than its Content-Length',
    'the request is what the length says, stored and sent once; what follows it gets 400, and the connection is closed',
    async () => {
      const queue = uniqueName('short');
      const received = await bench.listen(queue);
      bench.expected(queue);
      const whole = waiting(queue, '{"a":"too long a body"}');
      const connection = await open(whole.replace(/Content-Length: \d+/u, 'Content-Length: 7'));
      await until(() => received.length === 1, { what: 'the message' });
      expect(Buffer.from(received[0]!.body).toString()).to.equal('{"a":"t');
      expect((await bench.status(queue)).status).to.be.oneOf(['accepted', 'sent']);
      expect(connection.rest()).to.equal('');
      await bench.reply(received[0]!, 'the reply');
      const answer = await connection.answer();
      expect([answer.status, answer.text()]).to.deep.equal([200, 'the reply']);
      problemOf(await connection.answer(), 400, 'INVALID_REQUEST');
      await connection.gone();
      expect(received).to.have.lengthOf(1);
    },
  );

  happens(
    'HTTP',
    'a second call on a connection whose body makes no sense, while the first waits',
    'the first gets its reply, then the second 400; nothing of the second stored',
    async () => {
      const queue = uniqueName('pipelined');
      const received = await bench.listen(queue);
      const second = rawRequest(`POST /requests/${queue}`, [
        'Transfer-Encoding: chunked',
        'Message-ID: none',
      ]);
      const connection = await open(`${waiting(queue)}${second}no number\r\n\r\n`);
      await until(() => received.length === 1, { what: 'the message' });
      expect(connection.rest()).to.equal('');
      await bench.reply(received[0]!, 'the reply');
      expect((await connection.answer()).text()).to.equal('the reply');
      const answer = await connection.answer();
      expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('HTTP');
      expect(answer.headers['connection']).to.equal('close');
      await connection.gone();
      problemOf(await call(`${bench.url}/requests/none`), 404, 'REQUEST_NOT_FOUND');
    },
  );

  happens(
    'HTTP',
    'bytes without sense while a large answer is written to a caller that reads slowly',
    'the answer comes whole, then 400 and the end of the connection',
    async () => {
      const queue = uniqueName('large');
      const large = Buffer.alloc(10_000_000, 'x');
      await bench.serve(queue, () => large);
      await bench.ask(queue, { 'message-id': queue, prefer: 'wait=10' });
      const connection = await open('');
      connection.pause();
      connection.write(rawRequest(`GET /requests/${queue}/reply`, []));
      await bench.metric('waits');
      connection.write('rubbish\r\n\r\n');
      await bench.metric('waits');
      connection.resume();
      expect((await connection.answer()).body.equals(large)).to.equal(true);
      problemOf(await connection.answer(), 400, 'INVALID_REQUEST');
      await connection.gone();
    },
  );

  happens(
    'HTTP',
    'a body that makes no sense after the call was refused',
    'no second answer, the connection closed',
    async () => {
      const queue = uniqueName('early');
      const headers = ['Transfer-Encoding: chunked', 'Time: tomorrow'];
      const connection = await open(rawRequest(`POST /requests/${queue}`, headers));
      expect(faultOf(await connection.answer(), 400, 'INVALID_REQUEST').field).to.equal('Time');
      connection.write('no number\r\n\r\n');
      await connection.gone();
      expect(connection.rest()).to.equal('');
    },
  );

  for (const [title, rest] of [
    ['', ''],
    [' after rubbish', 'rubbish\r\n\r\n'],
    [' in the middle of the next one', 'GET /liv'],
  ] as const) {
    it(`end when their caller hangs up${title}`, async () => {
      const queue = uniqueName('hang-up');
      const received = await bench.listen(queue);
      const connection = await open(`${waiting(queue)}${rest}`);
      await until(() => received.length === 1, { what: 'the message' });
      await until(async () => (await bench.metric('waits')) === 1, { what: 'the caller to wait' });
      connection.end();
      await until(async () => (await bench.metric('waits')) === 0, { what: 'nobody to wait' });
      await connection.gone();
    });
  }

  it('count as refused once each, and not when only their caller is gone', async () => {
    const before = await bench.metric('requests_refused_total');
    const rubbish = await open('rubbish\r\n\r\n');
    await rubbish.answer();
    const half = await open(rawRequest('POST /requests/x', [], 'x'.repeat(100)).slice(0, -50));
    await bench.metric('waits');
    half.end();
    await half.answer();
    const gone = await open(rawRequest('GET /livez', []));
    await gone.answer();
    gone.reset();
    await bench.metric('waits');
    expect(await bench.metric('requests_refused_total')).to.equal(before + 2);
  });

  it('may be a minute apart, and are told so', async () => {
    const connection = await open('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await connection.answer()).headers).to.include({
      ...{ connection: 'keep-alive', 'keep-alive': 'timeout=65' },
    });
  });

  it('may offer another protocol: each is answered in its turn', async () => {
    const queue = uniqueName('upgrade');
    const received = await bench.listen(queue);
    const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'];
    const connection = await open(`${waiting(queue)}${rawRequest('GET /livez', offer)}`);
    await until(() => received.length === 1, { what: 'the message' });
    expect(connection.rest()).to.equal('');
    await bench.reply(received[0]!, 'the reply');
    expect((await connection.answer()).text()).to.equal('the reply');
    expect((await connection.answer()).text()).to.equal('alive\n');
  });

  it('may end with a WebSocket that is refused in its turn', async () => {
    const queue = uniqueName('upgrade');
    const received = await bench.listen(queue);
    const handshake = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const connection = await open(`${waiting(queue)}${rawRequest('GET /nothing', handshake)}`);
    await until(() => received.length === 1, { what: 'the message' });
    expect(connection.rest()).to.equal('');
    await bench.reply(received[0]!, 'the reply');
    expect((await connection.answer()).text()).to.equal('the reply');
    problemOf(await connection.answer(), 404, 'ROUTE_NOT_FOUND');
    await connection.gone();
  });
});

describe('what HTTP/1.1 asks of a call', () => {
  const bench = httpBench();

  happens(
    'HTTP',
    'a call without Host',
    '400 that names Host, nothing stored or sent, the connection closed',
    async () => {
      const queue = uniqueName('no-host');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest(`POST /requests/${queue}`, [], '{}').replace('Host: x\r\n', ''));
      const answer = await connection.answer();
      expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('Host');
      expect(answer.headers).to.include({ connection: 'close', 'x-content-type-options': 'nosniff' });
      await connection.gone();
      await bench.expectNothingHappened(queue, received);
    },
  );

  it('is not asked of HTTP/1.0', async () => {
    const connection = await openRawHttp(bench.port);
    connection.write('GET /livez HTTP/1.0\r\n\r\n');
    await connection.closed();
    expect(connection.rest()).to.match(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nalive\n$/su);
    await connection.gone();
  });

  happens(
    'HTTP',
    'an Expect that nobody knows',
    '417 that names the one that is known, nothing stored or sent',
    async () => {
      const queue = uniqueName('expect');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest(`POST /requests/${queue}`, ['Expect: a-miracle'], '{}'));
      expect(faultOf(await connection.answer(), 417, 'INVALID_REQUEST')).to.deep.equal({
        field: 'Expect',
        value: 'a-miracle',
        allowed: '100-continue',
      });
      connection.destroy();
      await bench.expectNothingHappened(queue, received);
    },
  );
});
