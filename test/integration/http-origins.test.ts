import { expect } from 'chai';
import { WebSocket } from 'ws';
import { answerHeaders } from '#gateway/openapi/headers.js';
import { uniqueName } from '../support/gateway.js';
import { call } from '../support/http.js';
import { faultOf, httpBench } from '../support/http-bench.js';
import { openRawHttp, rawCall, rawRequest } from '../support/raw-http.js';
import { within } from '../support/until.js';

const friend = 'https://app.example.com';
const foreign = 'https://evil.example.com';

describe('calls of web pages', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_HTTP__ALLOWED_ORIGINS: friend } }));

  for (const origin of [
    foreign,
    'null',
    'http://127.0.0.1:1',
    'https://app.example.com.evil.example',
    'rubbish',
  ]) {
    it(`of ${origin} get 403, whatever they ask for, and nothing is stored or sent`, async () => {
      const queue = uniqueName('origins');
      const received = await bench.listen(queue);
      const answer = await bench.ask(queue, { origin });
      expect(faultOf(answer, 403, 'ORIGIN_NOT_ALLOWED')).to.deep.equal({
        field: 'Origin',
        value: origin,
        allowed: 'the own origin or one of http.allowedOrigins',
      });
      expect(answer.headers).not.to.have.property('access-control-allow-origin');
      for (const path of ['/requests', '/livez', '/metrics', '/openapi.json', '/nothing']) {
        faultOf(await call(`${bench.url}${path}`, { headers: { origin } }), 403, 'ORIGIN_NOT_ALLOWED');
      }
      await bench.expectNothingHappened(queue, received);
    });
  }

  it('of another origin get 403 for their preflight too', async () => {
    const answer = await call(`${bench.url}/requests/x`, {
      method: 'OPTIONS',
      headers: { origin: foreign, 'access-control-request-method': 'POST' },
    });
    faultOf(answer, 403, 'ORIGIN_NOT_ALLOWED');
    expect(answer.headers).not.to.have.property('access-control-allow-origin');
  });

  it('cannot name the gateway themselves: Host does not decide what its own origin is', async () => {
    const host = ['Host: evil.example.com', `Origin: http://evil.example.com`];
    const bytes = ['GET /requests HTTP/1.1', ...host, '', ''].join('\r\n');
    faultOf(await rawCall(bench.port, bytes), 403, 'ORIGIN_NOT_ALLOWED');
  });

  it('of an allowed origin are served and may read what belongs to the answer', async () => {
    const queue = uniqueName('origins');
    await bench.serve(queue, () => ({ done: true }));
    const answer = await bench.ask(queue, { origin: friend, prefer: 'wait=10' });
    expect(answer.status, answer.text()).to.equal(200);
    bench.expected(answer.headers['correl-id']!);
    expect(answer.headers['access-control-allow-origin']).to.equal(friend);
    expect(answer.headers['vary'])
      .to.match(/\bOrigin\b/u)
      .and.to.match(/\bPrefer\b/u);
    const exposed = answer.headers['access-control-expose-headers']!.toLowerCase().split(', ');
    expect(exposed).to.include.members(Object.keys(answerHeaders).map((name) => name.toLowerCase()));
    expect(exposed).to.include.members(['message-id', 'lease', 'content-location', 'reply-token', 'fault']);
  });

  it('of an allowed origin may read their problems too', async () => {
    const answer = await call(`${bench.url}/requests/nobody`, { headers: { origin: friend } });
    expect(answer.status).to.equal(404);
    expect(answer.headers['access-control-allow-origin']).to.equal(friend);
  });

  it('of an allowed origin get what their preflight asks for', async () => {
    const answer = await call(`${bench.url}/requests/x`, {
      method: 'OPTIONS',
      headers: {
        origin: friend,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type,message-id,prefer',
      },
    });
    expect(answer.status).to.equal(204);
    expect(answer.headers).to.include({
      'access-control-allow-origin': friend,
      'access-control-allow-methods': 'GET, HEAD, POST, DELETE',
      'access-control-allow-headers': 'content-type,message-id,prefer',
      'access-control-max-age': '600',
    });
    expect(answer.headers).not.to.have.property('access-control-allow-credentials');
  });

  it('of the gateway itself are served under each of its names', async () => {
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const answer = await call(`${bench.url}/livez`, {
        headers: { origin: `http://${name}:${bench.port}` },
      });
      expect(answer.status, name).to.equal(200);
    }
  });

  it('of programs have no origin and are served', async () => {
    const answer = await call(`${bench.url}/livez`);
    expect(answer.status).to.equal(200);
    expect(answer.headers).not.to.have.property('access-control-allow-origin');
  });

  describe('to a WebSocket', () => {
    const handshake = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: v12.stomp',
    ];

    it('of another origin get 403 and are closed', async () => {
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest('GET /broker', [...handshake, `Origin: ${foreign}`]));
      const answer = await connection.answer();
      expect(faultOf(answer, 403, 'ORIGIN_NOT_ALLOWED')).to.include({ field: 'Origin', value: foreign });
      // Half open it would take what the page goes on to send.
      await connection.gone();
    });

    it('where there is none get 404 with those there are, and are closed', async () => {
      const connection = await openRawHttp(bench.port);
      connection.write(rawRequest('GET /nothing', handshake));
      expect(faultOf(await connection.answer(), 404, 'ROUTE_NOT_FOUND')).to.deep.equal({
        field: 'path',
        value: '/nothing',
        allowed: '/broker or /stomp',
      });
      await connection.gone();
    });

    it('that are gone before their answer end nothing else', async () => {
      for (let number = 0; number < 10; number += 1) {
        const connection = await openRawHttp(bench.port);
        connection.write(rawRequest('GET /nothing', handshake));
        connection.destroy();
      }
      expect((await call(`${bench.url}/livez`)).status).to.equal(200);
      expect(bench.gateway.fatal).to.deep.equal([]);
    });

    for (const [title, origin] of [
      ['the own origin', () => `http://localhost:${bench.port}`],
      ['an allowed origin', () => friend],
      ['no origin', () => undefined],
    ] as const) {
      it(`of ${title} are opened`, async () => {
        const given = origin();
        const socket = new WebSocket(`ws://127.0.0.1:${bench.port}/broker`, ['v12.stomp'], {
          ...(given === undefined ? {} : { origin: given }),
        });
        await within(
          new Promise<void>((resolve, reject) => socket.once('open', resolve).once('error', reject)),
          { what: 'the WebSocket to open' },
        );
        socket.terminate();
      });
    }
  });
});
