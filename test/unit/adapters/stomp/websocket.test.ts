import type { AddressInfo } from 'node:net';
import { StompSocketState } from '@stomp/stompjs';
import { expect } from 'chai';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import type { StompBroker } from '#adapters/stomp/broker.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import { openSocket } from '#adapters/stomp/socket.js';
import type { StompSocket } from '#adapters/stomp/stomp-socket.js';
import { systemClock } from '#app/system-clock.js';
import { queue } from '#core/destination.js';
import type { Delivery } from '#core/ports/message-source.js';
import { failureOf } from '../../../support/errors.js';
import { newMessage } from '../../../support/messages.js';
import { encodeRawFrame } from '../../../support/raw-stomp.js';
import type { RecordingLogger } from '../../../support/recording.js';
import { createRecordingLogger } from '../../../support/recording.js';
import { until, within } from '../../../support/until.js';

interface Taken {
  readonly text: string;
  readonly isBinary: boolean;
}

/** A server that keeps what comes; `answer` may say something to it. */
interface WebSocketBench {
  readonly url: string;
  readonly taken: readonly Taken[];
  readonly sockets: readonly WebSocket[];
  answer: (message: string, socket: WebSocket) => void;
}

function webSocketBench(): () => WebSocketBench {
  let server: WebSocketServer;
  let bench: WebSocketBench;
  beforeEach(async () => {
    const taken: Taken[] = [];
    const sockets: WebSocket[] = [];
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (socket) => {
      sockets.push(socket);
      socket.on('message', (data: Buffer, isBinary) => {
        taken.push({ text: data.toString('latin1'), isBinary });
        bench.answer(data.toString(), socket);
      });
    });
    await new Promise<void>((resolve) => server.once('listening', resolve));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    bench = { url, taken, sockets, answer: () => undefined };
  });
  afterEach(async () => {
    for (const socket of bench.sockets) socket.terminate();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
  return () => bench;
}

describe('a WebSocket to a broker', () => {
  const bench = webSocketBench();
  let socket: StompSocket;

  beforeEach(async () => {
    const [endpoint] = parseBrokerUrl(bench().url).endpoints;
    socket = openSocket({ endpoint: endpoint!, maxMessageBytes: 1024 });
    const opened = new Promise<void>((resolve) => (socket.onopen = () => resolve()));
    await within(opened, { what: 'the connection' });
  });
  afterEach(() => void socket.terminate?.());

  it('sends as text all that is UTF-8, however it is given, and the rest as binary', async () => {
    socket.send('grüße\0');
    socket.send(new Uint8Array(Buffer.from('SEND\n\nü\0')).buffer);
    socket.send(Uint8Array.of(0xff, 0).buffer);
    await until(() => bench().taken.length === 3, { what: 'three messages' });
    expect(bench().taken.map(({ isBinary }) => isBinary)).to.deep.equal([false, false, true]);
    expect(bench().taken[1]!.text).to.equal(Buffer.from('SEND\n\nü\0').toString('latin1'));
  });

  it('is congested while the other side does not read, and says when that is over', async () => {
    const server = await until(() => bench().sockets[0], { what: 'the connection at the server' });
    server.pause();
    const chunk = new ArrayBuffer(1024 * 1024);
    let sent = 0;
    for (; sent < 64; sent += 1) socket.send(chunk);
    expect(socket.isCongested).to.equal(true);
    let drains = 0;
    socket.onDrain = () => (drains += 1);
    server.resume();
    await until(() => drains > 0, { what: 'the end of the congestion' });
    expect([drains, socket.isCongested]).to.deep.equal([1, false]);
    await until(() => bench().taken.length === sent, { what: 'all messages' });
  });

  it('hands on what comes, and why it was closed; nothing can be sent then', async () => {
    const chunks: unknown[] = [];
    socket.onmessage = ({ data }) => void chunks.push(Buffer.from(data as Uint8Array).toString());
    const closed = new Promise<object>((resolve) => (socket.onclose = (event) => resolve(event as object)));
    const server = await until(() => bench().sockets[0], { what: 'the connection at the server' });
    server.send('text');
    server.send(Buffer.from('bytes'));
    await until(() => chunks.length === 2, { what: 'two messages' });
    expect(chunks).to.deep.equal(['text', 'bytes']);
    server.close(1009, 'too large');
    expect(await closed).to.include({ code: 1009, reason: 'too large' });
    expect(socket.readyState).to.equal(StompSocketState.CLOSED);
    expect(() => socket.send('too late')).to.throw('the socket is not open');
  });
});

describe('a broker whose WebSocket carries text alone', () => {
  const bench = webSocketBench();
  let logger: RecordingLogger;
  let broker: StompBroker;

  /** As ActiveMQ Classic: binary messages are dropped, bodies come as text with the length they had. */
  function answer(message: string, socket: WebSocket, isBinary: boolean): void {
    if (isBinary) return;
    const [command] = message.split('\n');
    const receipt = /\nreceipt:(.*)/u.exec(message)?.[1];
    if (command === 'CONNECT') socket.send('CONNECTED\nversion:1.2\nserver:ActiveMQ/6.3.1\n\n\0');
    if (receipt !== undefined) socket.send(encodeRawFrame('RECEIPT', { 'receipt-id': receipt }).toString());
  }

  const deliver = (socket: WebSocket, body: Buffer): void => {
    const subscribe = bench().taken.find(({ text }) => text.startsWith('SUBSCRIBE'))!;
    const subscription = /\nid:(.*)/u.exec(subscribe.text)![1]!;
    const headers = { subscription, 'message-id': 'ID:1', destination: '/queue/q', ack: '1' };
    socket.send(encodeRawFrame('MESSAGE', headers, body).toString());
  };

  beforeEach(async () => {
    logger = createRecordingLogger();
    bench().answer = (message, socket) => answer(message, socket, bench().taken.at(-1)!.isBinary);
    const options = {
      clock: systemClock,
      logger,
      heartbeatMs: 0,
      receiptTimeoutMs: 2_000,
      sendConnections: 1,
    };
    broker = createStompBroker({ ...options, url: bench().url });
    expect(await broker.start()).to.equal(null);
  });
  afterEach(() => broker.stop(500));

  it('gets bytes that are UTF-8 as text, with their length', async () => {
    const body = Buffer.from('nul\0 and ü');
    await broker.channel.send(queue('q'), newMessage({ contentType: 'application/octet-stream', body }));
    const { text, isBinary } = bench().taken.at(-1)!;
    expect(isBinary).to.equal(false);
    expect(text).to.contain('content-length:11\n').and.to.contain(body.toString('latin1'));
  });

  it('is spared other bytes: INVALID_ARGUMENT at once, with what to do, and nothing is written', async () => {
    const before = bench().taken.length;
    const send = broker.channel.send(queue('q'), newMessage({ contentType: null, body: Buffer.of(0xff) }));
    const error = await failureOf(send);
    expect(error).to.include({ code: 'INVALID_ARGUMENT', destination: '/queue/q', retryable: false });
    expect(error.message).to.equal(
      `the WebSocket of ${bench().url} carries text alone and the body is not UTF-8: connect with stomp:// or stomps://`,
    );
    await broker.channel.send(queue('q'), newMessage());
    expect(bench().taken.length - before).to.equal(1);
    expect(broker.activity().sends).to.equal(0);
  });

  it('damages bytes on their way here: the log says so once, and the messages after it arrive', async () => {
    const bodies: string[] = [];
    const onDelivery = ({ message }: Delivery): void =>
      void bodies.push(Buffer.from(message.body).toString());
    await broker.source.subscribe(queue('q'), { prefetch: 10, onDelivery });
    const socket = bench().sockets[1]!;
    const sent = ['plain', 'ünï', Buffer.of(0xff, 0, 0, 0x41), 'next', Buffer.of(0xff, 0xfe), 'last'];
    for (const body of sent) deliver(socket, Buffer.from(body as string));
    await until(() => bodies.length === sent.length, { what: 'all messages' });
    expect(bodies).to.deep.equal(['plain', 'ünï', '\ufffd\0\0A', 'next', '\ufffd\ufffd', 'last']);
    expect(logger.sentences('warn')).to.deep.equal([
      'a body of bytes came damaged: the WebSocket of this broker carries text alone, use stomp://',
    ]);
  });

  it('refuses the largest of what was on its way when a message was too large for it, and says so', async () => {
    bench().answer = (_, socket) => {
      if (bench().taken.filter(({ text }) => text.startsWith('SEND')).length === 3) {
        socket.close(1009, 'Text message too large');
      }
    };
    const sending = [100, 70_000, 60_000].map((bytes) =>
      failureOf(broker.channel.send(queue(`of ${bytes}`), newMessage({ body: Buffer.alloc(bytes, 'x') }))),
    );
    const errors = await Promise.all(sending);
    expect(errors.map(({ code }) => code)).to.deep.equal([
      'SEND_UNCONFIRMED',
      'INVALID_ARGUMENT',
      'SEND_UNCONFIRMED',
    ]);
    expect(errors[1]!.destination).to.equal('/queue/of 70000');
    for (const { message } of errors) {
      expect(message).to.equal(`${bench().url} closed the connection: Text message too large`);
    }
  });

  it('leaves open what became of sends when it closes for another reason', async () => {
    bench().answer = (_, socket) => socket.close(1011, 'out of order');
    const error = await failureOf(broker.channel.send(queue('q'), newMessage()));
    expect(error.code).to.equal('SEND_UNCONFIRMED');
    expect(error.message).to.equal(`${bench().url} closed the connection: out of order`);
  });
});
