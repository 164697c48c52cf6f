import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { StompSocketState } from '@stomp/stompjs';
import { expect } from 'chai';
import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import { openSocket } from '#adapters/stomp/socket.js';
import type { StompSocket } from '#adapters/stomp/stomp-socket.js';
import { freePort } from '../../../support/free-port.js';
import { skip } from '../../../support/skip.js';
import { until, within } from '../../../support/until.js';

/** A server that keeps every read of its sockets apart. */
interface TestServer {
  readonly port: number;
  readonly sockets: readonly Socket[];
  readonly reads: readonly Buffer[];
}

describe('a TCP socket in the shape of a WebSocket', () => {
  let server: Server;
  let seen: TestServer;
  let opened: StompSocket[];

  beforeEach(async () => {
    const sockets: Socket[] = [];
    const reads: Buffer[] = [];
    server = createServer({ allowHalfOpen: true }, (socket) => {
      sockets.push(socket);
      socket.on('data', (data: Buffer) => reads.push(data));
      socket.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    seen = { port: (server.address() as AddressInfo).port, sockets, reads };
    opened = [];
  });
  afterEach(async () => {
    for (const socket of opened) socket.terminate?.();
    for (const socket of seen.sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });

  function create(port = seen.port): StompSocket {
    const [endpoint] = parseBrokerUrl(`stomp://127.0.0.1:${port}`).endpoints;
    const socket = openSocket({ endpoint: endpoint!, maxMessageBytes: 1024 });
    opened.push(socket);
    return socket;
  }

  async function open(): Promise<StompSocket> {
    const socket = create();
    const connected = new Promise<void>((resolve) => (socket.onopen = () => resolve()));
    await within(connected, { what: 'the connection' });
    await until(() => seen.sockets.length > 0, { what: 'the connection at the server' });
    return socket;
  }

  const received = (): string => Buffer.concat(seen.reads).toString('latin1');

  it('writes all that one turn of the event loop sends at once, in order', async () => {
    const socket = await open();
    for (let frame = 0; frame < 200; frame += 1) socket.send(`${frame}\0`);
    socket.send(Uint8Array.of(0, 255).buffer);
    await until(() => received().endsWith('\u00ff'), { what: 'all that was sent' });
    expect(received()).to.equal(
      `${Array.from({ length: 200 }, (_, frame) => `${frame}\0`).join('')}\0\u00ff`,
    );
    // So few bytes fit into one segment: several writes would have been several reads.
    expect(seen.reads).to.have.length(1);
  });

  it('writes what the next turn sends by itself', async () => {
    const socket = await open();
    socket.send('first');
    await until(() => received() === 'first', { what: 'the first' });
    socket.send('second');
    await until(() => received() === 'firstsecond', { what: 'the second' });
    expect(seen.reads).to.have.length(2);
  });

  it('is congested while the other side does not read, and says when that is over', async () => {
    const socket = await open();
    seen.sockets[0]!.pause();
    const chunk = new ArrayBuffer(1024 * 1024);
    const chunks = 64;
    for (let sent = 0; sent < chunks; sent += 1) socket.send(chunk);
    expect(socket.isCongested).to.equal(true);
    let drains = 0;
    socket.onDrain = () => (drains += 1);
    seen.sockets[0]!.resume();
    await until(() => drains > 0, { what: 'the end of the congestion' });
    expect([drains, socket.isCongested]).to.deep.equal([1, false]);
    await until(() => seen.reads.reduce((sum, { length }) => sum + length, 0) === chunks * chunk.byteLength, {
      what: 'all bytes',
    });
  });

  it('hands on what comes, and opens only once', async () => {
    const socket = await open();
    const chunks: Buffer[] = [];
    socket.onmessage = ({ data }) => void chunks.push(Buffer.from(data as Uint8Array));
    seen.sockets[0]!.write(Buffer.of(0, 255, 10));
    await until(() => chunks.length > 0, { what: 'what the server sent' });
    expect(Buffer.concat(chunks)).to.deep.equal(Buffer.of(0, 255, 10));
    expect(socket.readyState).to.equal(StompSocketState.OPEN);
  });

  it('refuses to send before it is open', () => {
    const socket = create();
    expect(socket.readyState).to.equal(StompSocketState.CONNECTING);
    expect(() => socket.send('early')).to.throw('the socket is not open');
  });

  it('refuses to send while it is closing, and writes what was sent before', async () => {
    const socket = await open();
    socket.send('last words');
    socket.close();
    expect(socket.readyState).to.equal(StompSocketState.CLOSING);
    expect(() => socket.send('too late')).to.throw('the socket is not open');
    await until(() => received() === 'last words', { what: 'the last words' });
  });

  it('is destroyed when the other side does not close within its grace', async () => {
    const socket = await open();
    const closed = new Promise<void>((resolve) => (socket.onclose = () => resolve()));
    const startedAt = performance.now();
    socket.close();
    socket.close();
    await within(closed, { what: 'the end of the socket' });
    expect(performance.now() - startedAt).to.be.greaterThan(1_500);
    expect(socket.readyState).to.equal(StompSocketState.CLOSED);
  });

  it('closes when the other side has closed: nothing sent now could be confirmed', async () => {
    const socket = await open();
    const closed = new Promise<void>((resolve) => (socket.onclose = () => resolve()));
    seen.sockets[0]!.end();
    const ending: readonly number[] = [StompSocketState.CLOSING, StompSocketState.CLOSED];
    await until(() => ending.includes(socket.readyState), { what: 'the closing' });
    expect(() => socket.send('too late')).to.throw('the socket is not open');
    seen.sockets[0]!.destroy();
    await within(closed, { what: 'the end of the socket' });
  });

  it('ends at once when it is terminated, without writing', async () => {
    const socket = await open();
    const closed = new Promise<void>((resolve) => (socket.onclose = () => resolve()));
    socket.send('never');
    socket.terminate?.();
    expect(() => socket.send('too late')).to.throw('the socket is not open');
    await within(closed, { what: 'the end of the socket' });
    socket.terminate?.();
    expect([socket.readyState, received()]).to.deep.equal([StompSocketState.CLOSED, '']);
  });

  it('tells of a connection that cannot be made, and never throws', async () => {
    const socket = create(await freePort());
    const events: string[] = [];
    socket.onerror = () => void events.push('error');
    socket.onopen = () => void events.push('open');
    const closed = new Promise<void>((resolve) => (socket.onclose = () => resolve()));
    await within(closed, { what: 'the failure' });
    expect([events, socket.readyState]).to.deep.equal([['error'], StompSocketState.CLOSED]);
  });

  for (const scheme of ['stomps', 'wss']) {
    it(`tells of options of ${scheme} that cannot be used, and never throws`, async () => {
      const [endpoint] = parseBrokerUrl(`${scheme}://127.0.0.1:${seen.port}`).endpoints;
      const socket = openSocket({ endpoint: endpoint!, tls: { cert: 'garbage' }, maxMessageBytes: 1024 });
      const errors: unknown[] = [];
      socket.onerror = (error) => void errors.push(error);
      socket.onopen = () => expect.fail('it opened');
      const closed = new Promise<void>((resolve) => (socket.onclose = () => resolve()));
      await within(closed, { what: 'the failure' });
      expect(errors).to.have.length(1);
      expect(errors[0]).to.have.property('message').that.contains('no start line');
      expect(socket.readyState).to.equal(StompSocketState.CLOSED);
      expect(() => socket.send('never')).to.throw();
      socket.close();
      socket.terminate?.();
    });
  }

  it('names a host in its TLS greeting, and no address, of whatever kind', async function () {
    for (const [host, isNamed] of [
      ['localhost', true],
      ['127.0.0.1', false],
      ['[::ffff:127.0.0.1]', false],
    ] as const) {
      const [endpoint] = parseBrokerUrl(`stomps://${host}:${seen.port}`).endpoints;
      const before = seen.reads.length;
      const socket = openSocket({ endpoint: endpoint!, maxMessageBytes: 1024 });
      opened.push(socket);
      let failure: unknown;
      socket.onerror = (error: unknown) => void (failure = error);
      await until(() => seen.reads.length > before || failure !== undefined, { what: 'the greeting' });
      if (failure !== undefined) return skip(this, 'there is no IPv6 on this machine');
      const greeting = Buffer.concat(seen.reads.slice(before)).toString('latin1');
      expect(greeting.includes(endpoint!.host), host).to.equal(isNamed);
    }
  });

  it('does not open any more when it was closed while it connected', async () => {
    const socket = create();
    socket.onopen = () => expect.fail('it opened');
    const closed = new Promise<void>((resolve) => (socket.onclose = () => resolve()));
    socket.close();
    await until(() => seen.sockets.length > 0, { what: 'the connection at the server' });
    seen.sockets[0]!.end();
    await within(closed, { what: 'the end of the socket' });
    expect(seen.reads).to.deep.equal([]);
  });
});
