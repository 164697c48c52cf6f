import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { expect } from 'chai';
import { WebSocket } from 'ws';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import { happens } from '../../../support/happens.js';
import { encodeRawFrame, openRawStomp, openRawStompWebSocket } from '../../../support/raw-stomp.js';
import type { RawStomp } from '../../../support/raw-stomp.js';
import { until } from '../../../support/until.js';
import type { WebSocketEndpoint } from '../../../support/websocket-endpoint.js';
import { openWebSocketEndpoint } from '../../../support/websocket-endpoint.js';

const megabyte = 1024 * 1024;
const connectFrame = encodeRawFrame('CONNECT', { 'accept-version': '1.2', host: 'x' });

describe('connections that behave badly to the embedded broker', () => {
  const fixture = embeddedBroker({
    limits: {
      connections: 20,
      connectDeadlineMs: 1_000,
      frameStallMs: 500,
      outputStallMs: 1_000,
      closeMs: 1_000,
    },
  });
  const sockets: Socket[] = [];
  let witness: RawStomp;

  beforeEach(async () => {
    witness = await fixture.subscriber('/queue/others', { ack: 'auto' });
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  /** A socket that says and reads nothing by itself. */
  async function open(): Promise<Socket> {
    const socket = connect({ port: fixture.port, host: '127.0.0.1' });
    sockets.push(socket);
    socket.on('error', () => undefined);
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return socket;
  }

  async function expectOnlyWitness(withinMs = 10_000): Promise<void> {
    await until(() => fixture.broker.statistics().connections === 1, {
      what: 'the end of the connection',
      withinMs,
    });
    const sender = await openRawStomp(fixture.port);
    await sender.connect();
    await sender.confirmed('SEND', { destination: '/queue/others' }, 'still served');
    sender.destroy();
    expect((await witness.take('MESSAGE')).text).to.equal('still served');
    expect(witness.pending).to.deep.equal([]);
  }

  happens(
    'STOMP',
    'a reset in the middle of a frame',
    'the connection is forgotten, nothing is sent',
    async () => {
      const socket = await open();
      socket.write(
        Buffer.concat([
          connectFrame,
          Buffer.from('SEND\ndestination:/queue/others\ncontent-length:9\n\nhalf'),
        ]),
      );
      await until(() => fixture.broker.statistics().connections === 2, { what: 'the connection' });
      socket.resetAndDestroy();
      await expectOnlyWitness();
    },
  );

  happens(
    'STOMP',
    'a client that closes its side in the middle of a frame',
    'the connection is closed, nothing of the frame is sent',
    async () => {
      const socket = await open();
      socket.end(Buffer.concat([connectFrame, Buffer.from('SEND\ndestination:/queue/others\n\nhalf')]));
      await expectOnlyWitness();
    },
  );

  happens(
    'STOMP',
    'a frame that stops half-way',
    'ERROR half a frame after 500 ms here (30 s by default), closed; nothing of it is sent',
    async () => {
      const client = await fixture.client();
      client.write('SEND\ndestination:/queue/others\nreceipt:r\n\nhalf');
      expect((await client.take('ERROR')).headers['message']).to.equal('half a frame');
      await client.closed;
      client.destroy();
      await expectOnlyWitness();
    },
  );

  happens(
    'STOMP',
    'a connection too many',
    'ERROR that names the limit, closed; the others go on, and there is room when one ends',
    async () => {
      const clients = await Promise.all(Array.from({ length: 19 }, () => fixture.client()));
      const extra = await fixture.open();
      const error = await extra.take('ERROR');
      expect([error.headers['message'], error.text]).to.deep.equal([
        'too many connections',
        'The broker serves 20 connections at a time.\n',
      ]);
      await extra.closed;
      extra.destroy();
      clients[0]?.destroy();
      await until(() => fixture.broker.statistics().connections < 20, { what: 'room' });
      clients.push(await fixture.client());
      for (const client of clients) client.destroy();
      await expectOnlyWitness();
    },
  );

  happens(
    'STOMP',
    'a flood of connections that never say CONNECT',
    'each ends with ERROR no CONNECT in time after 1 s here (10 s by default), then there is room',
    async () => {
      const flood = await Promise.all(Array.from({ length: 19 }, () => fixture.open()));
      for (const client of flood) {
        expect((await client.take('ERROR')).headers['message']).to.equal('no CONNECT in time');
        client.destroy();
      }
      await expectOnlyWitness();
    },
  );

  happens(
    'STOMP',
    'a consumer that reads a byte at a time',
    'its connection is ended when a piece of 256 KiB takes longer than the limit; its messages go to others',
    async () => {
      const socket = await open();
      const timer = setInterval(() => void socket.read(1), 50);
      try {
        socket.pause();
        const subscribe = encodeRawFrame('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'client' });
        socket.write(Buffer.concat([connectFrame, subscribe]));
        for (let count = 0; count < 20; count += 1) await fixture.send('/queue/a', 'x'.repeat(megabyte));
        await expectOnlyWitness();
      } finally {
        clearInterval(timer);
      }
      expect(fixture.queue('a')).to.deep.include({ depth: 20, inFlight: 0 });
    },
  );
});

describe('connections to the embedded broker that are refused and stay', () => {
  const fixture = embeddedBroker({ limits: { connections: 20, closeMs: 60_000 } });
  const flood: Socket[] = [];
  afterEach(() => {
    for (const socket of flood.splice(0)) socket.destroy();
  });

  happens(
    'STOMP',
    'a flood of connections that are refused and stay',
    "they take nobody's place, and no more of them are kept than may be served",
    async () => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => fixture.client()));
      const connections = (): number => fixture.broker.statistics().connections;
      for (let count = 0; count < 100; count += 1) flood.push(connect(fixture.port, '127.0.0.1'));
      // They read nothing, so that they do not see the end of the other side and keep their own open.
      for (const socket of flood) socket.on('error', () => undefined).pause();
      // Accepted last, so that all before it have been.
      await (
        await fixture.open()
      ).closed;
      await until(() => connections() === 40, { what: 'as many that are refused as are served' });
      for (const client of clients) client.destroy();
      await until(() => connections() === 20, { what: 'the end of those that were served' });
      const next = await fixture.client();
      await next.confirmed('SEND', { destination: '/queue/a' }, 'x');
      expect(fixture.queue('a').depth).to.equal(1);
    },
  );
});

describe('WebSockets that behave badly to the embedded broker', () => {
  const fixture = embeddedBroker({ limits: { connectDeadlineMs: 1_000, outputStallMs: 60_000 } });
  let endpoint: WebSocketEndpoint;
  const clients: RawStomp[] = [];

  beforeEach(async () => {
    endpoint = await openWebSocketEndpoint(fixture.broker);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await endpoint.close();
  });

  async function open(): Promise<RawStomp> {
    const client = await openRawStompWebSocket(endpoint.url);
    clients.push(client);
    return client;
  }

  async function expectServed(): Promise<void> {
    await until(() => fixture.broker.statistics().connections === 0, { what: 'the end of the connection' });
    const client = await open();
    await client.connect();
    await client.confirmed('SEND', { destination: '/queue/a' }, 'x');
  }

  happens('STOMP', 'text or bytes over WebSocket that are no STOMP', 'ERROR, closed', async () => {
    for (const message of [
      '{"type":"hello"}\n\n',
      Buffer.from([1, 2, 3, 255, 10, 10]),
      'x'.repeat(200_000),
    ]) {
      const client = await open();
      client.write(message);
      await client.take('ERROR');
      await client.closed;
    }
    await expectServed();
  });

  happens(
    'STOMP',
    'a WebSocket that says nothing, or sends empty messages',
    'ERROR no CONNECT in time, closed',
    async () => {
      for (const messages of [[], ['', '\n', '']]) {
        const client = await open();
        for (const message of messages) client.write(message);
        expect((await client.take('ERROR')).headers['message']).to.equal('no CONNECT in time');
        await client.closed;
      }
      await expectServed();
    },
  );

  happens(
    'STOMP',
    'a WebSocket that sends pings without end and reads no answer',
    'the answers stop at 64 KiB, so that memory does; it goes on when the answers are read',
    async () => {
      const socket = new WebSocket(endpoint.url, ['v12.stomp']);
      let pongs = 0;
      socket.on('pong', () => (pongs += 1));
      await new Promise<void>((resolve) => socket.once('open', resolve));
      socket.send(connectFrame);
      await new Promise<void>((resolve) => socket.once('message', () => resolve()));
      socket.pause();
      const ping = Buffer.alloc(125, 'p');
      // 19 MB of answers, of which the network holds a few.
      const pings = 150_000;
      for (let count = 0; count < pings; count += 1) {
        socket.ping(ping);
        if (count % 1_000 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => socket.bufferedAmount === 0, {
        what: 'a broker that has read every ping',
      });
      expect(fixture.broker.statistics().connections).to.equal(1);
      socket.resume();
      socket.send(encodeRawFrame('SEND', { destination: '/queue/a', receipt: 'r' }));
      await new Promise<void>((resolve) => socket.once('message', () => resolve()));
      expect(pongs).to.be.within(1, pings - 1);
      socket.terminate();
      await expectServed();
    },
  );
});
