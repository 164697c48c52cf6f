import { expect } from 'chai';
import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { PassThrough } from 'node:stream';
import { createBrokerUpgrade } from '#app/broker-upgrade.js';
import type { Identity } from '#core/ports/authenticator.js';
import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import type { Principal } from '#gateway/principal.js';
import { anybody, toPrincipal } from '#gateway/principal.js';
import type { ProblemDocument } from '#schema/problem.js';
import { skip } from '../../support/skip.js';
import { until } from '../../support/until.js';

const handshake = [
  'GET /broker HTTP/1.1',
  'Host: x',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n');

function identityOf({ broker }: { broker: boolean }): Identity {
  const grants = { name: 'shop', queues: ['*'], read: ['*'], replyTo: ['*'], projects: ['*'], broker };
  return { grants, expiresAt: null, onWithdrawn: () => () => undefined };
}

describe('STOMP over WebSocket to the embedded broker', () => {
  let accepted = 0;
  const embedded = {
    acceptWebSocket: (webSocket) => {
      accepted += 1;
      webSocket.terminate();
    },
  } as EmbeddedBroker;
  let server: Server;
  let principal: Principal;

  beforeEach(() => {
    accepted = 0;
    principal = anybody;
    server = createServer();
    const handler = createBrokerUpgrade(embedded, 61_613).get('/broker');
    server.on('upgrade', (request, socket, head) => handler?.(request, socket, head, principal));
  });
  afterEach(() => server.close());

  async function listen(host: string): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return (server.address() as AddressInfo).port;
  }

  /** What the client reads before its connection is closed. */
  async function open(host: string, port: number): Promise<string> {
    const socket = connect({ host, port });
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
    socket.on('error', () => undefined);
    socket.write(handshake);
    await until(() => socket.closed, { what: 'the end of the connection' });
    return received;
  }

  function problemIn(answer: string): ProblemDocument {
    expect(answer).to.match(/^HTTP\/1\.1 403 Forbidden\r\n/u);
    return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as ProblemDocument;
  }

  it('is there for this machine', async () => {
    expect(await open('127.0.0.1', await listen('127.0.0.1'))).to.match(/^HTTP\/1\.1 101 /u);
    expect(accepted).to.equal(1);
  });

  it('is refused with 403 to everybody else: nobody has to log in', async function () {
    const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
    const own = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
    if (own === undefined) skip(this, 'this machine has no other address than loopback');
    const port = await listen('0.0.0.0');
    const document = problemIn(await open(own, port));
    expect(document).to.include({ code: 'INVALID_REQUEST', status: 403 });
    expect(document.problems).to.deep.equal([
      {
        field: 'address of the caller',
        value: own,
        allowed:
          'an address of the machine of the gateway: nobody has to log in at /broker; programs there also find STOMP at TCP port 61613',
      },
    ]);
    expect(accepted).to.equal(0);
  });

  for (const [remoteAddress, isRefused] of [
    ['10.0.0.1', true],
    ['::ffff:10.0.0.1', true],
    ['2001:db8::1', true],
    ['fe80::1%eth0', true],
    [undefined, true],
    ['127.0.0.1', false],
    ['127.8.9.10', false],
    ['::ffff:127.0.0.1', false],
    ['::1', false],
  ] as const) {
    it(`${isRefused ? 'refuses' : 'lets in'} ${remoteAddress ?? 'one that is gone'}`, async () => {
      const handler = createBrokerUpgrade(embedded, 61_613).get('/broker');
      const socket = Object.assign(new PassThrough(), { destroySoon: () => socket.end() });
      let received = '';
      socket.setEncoding('utf8').on('data', (text: string) => (received += text));
      const request = { method: 'GET', url: '/broker', headers: {}, socket: { remoteAddress } };
      handler?.(request as unknown as IncomingMessage, socket, Buffer.alloc(0), anybody);
      await until(() => received !== '', { what: 'an answer' });
      // Without its headers it is no WebSocket, but it came as far as being looked at.
      expect(received).to.match(isRefused ? /^HTTP\/1\.1 403 / : /^HTTP\/1\.1 4(?!03)/u);
    });
  }

  it('is there for a name with the right to it, from anywhere', async function () {
    principal = toPrincipal(identityOf({ broker: true }));
    const handler = createBrokerUpgrade(embedded, 61_613).get('/broker');
    const socket = Object.assign(new PassThrough(), { destroySoon: () => socket.end() });
    let received = '';
    socket.setEncoding('utf8').on('data', (text: string) => (received += text));
    const request = { method: 'GET', url: '/broker', headers: {}, socket: { remoteAddress: '10.0.0.1' } };
    handler?.(request as unknown as IncomingMessage, socket, Buffer.alloc(0), principal);
    await until(() => received !== '', { what: 'an answer' });
    expect(received).to.match(/^HTTP\/1\.1 4(?!03)/u);
  });

  it('is refused to a name without that right, on this machine too', async () => {
    principal = toPrincipal(identityOf({ broker: false }));
    const document = problemIn(await open('127.0.0.1', await listen('127.0.0.1')));
    expect(document).to.include({ code: 'NOT_PERMITTED', status: 403 });
    expect(document.problems?.[0]).to.include({ field: 'path', value: '/broker' });
    expect(accepted).to.equal(0);
  });

  it('is nowhere without an embedded broker', () => {
    expect(createBrokerUpgrade(undefined).size).to.equal(0);
  });
});
