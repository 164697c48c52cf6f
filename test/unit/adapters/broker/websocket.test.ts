import { expect } from 'chai';
import { encodeRawFrame, openRawStompWebSocket } from '../../../support/raw-stomp.js';
import type { RawStomp } from '../../../support/raw-stomp.js';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import { until } from '../../../support/until.js';
import type { WebSocketEndpoint } from '../../../support/websocket-endpoint.js';
import { openWebSocketEndpoint } from '../../../support/websocket-endpoint.js';

describe('the embedded broker over WebSocket', () => {
  const fixture = embeddedBroker({ limits: { outputStallMs: 1_000 } });
  let endpoint: WebSocketEndpoint;
  const clients: RawStomp[] = [];

  beforeEach(async () => {
    endpoint = await openWebSocketEndpoint(fixture.broker);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await endpoint.close();
  });

  async function open(protocols?: string[]): Promise<RawStomp> {
    const client = await openRawStompWebSocket(endpoint.url, protocols);
    clients.push(client);
    return client;
  }

  async function subscriber(): Promise<RawStomp> {
    const client = await open();
    await client.connect();
    await client.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a' });
    return client;
  }

  it('carries messages between WebSocket and TCP', async () => {
    const browser = await subscriber();
    await fixture.send('/queue/a', 'from TCP');
    expect((await browser.take('MESSAGE')).text).to.equal('from TCP');
    const tcp = await fixture.subscriber('/queue/b');
    await browser.confirmed('SEND', { destination: '/queue/b' }, 'from the browser');
    expect((await tcp.take('MESSAGE')).text).to.equal('from the browser');
    expect(fixture.broker.statistics().connections).to.be.within(2, 3);
  });

  it('sends one frame per message: text where it is UTF-8, else binary', async () => {
    const browser = await subscriber();
    const before = browser.pieces.length;
    await fixture.send('/queue/a', 'grün');
    await (
      await fixture.client()
    ).confirmed('SEND', { destination: '/queue/a' }, Buffer.from([0xff, 0, 0xfe]));
    const [, second] = await browser.messages(2);
    expect(second?.body).to.deep.equal(Buffer.from([0xff, 0, 0xfe]));
    expect(browser.kinds.slice(before)).to.deep.equal(['text', 'binary']);
    expect(browser.pieces.slice(before).map((piece) => piece[piece.length - 1])).to.deep.equal([0, 0]);
  });

  it('takes frames split over messages, and several frames in one message, text or binary', async () => {
    const browser = await open();
    const bytes = Buffer.concat([
      encodeRawFrame('CONNECT', { 'accept-version': '1.2', host: 'x' }),
      encodeRawFrame('SUBSCRIBE', { id: 's', destination: '/queue/a' }),
      encodeRawFrame('SEND', { destination: '/queue/a' }, 'one'),
      encodeRawFrame('SEND', { destination: '/queue/a' }, 'two'),
    ]);
    for (let at = 0; at < bytes.length; at += 50) browser.write(bytes.subarray(at, at + 50));
    expect((await browser.messages(2)).map(({ text }) => text)).to.deep.equal(['one', 'two']);
    browser.write(
      Buffer.concat([bytes.subarray(bytes.lastIndexOf('SEND')), bytes.subarray(bytes.lastIndexOf('SEND'))]),
    );
    expect((await browser.messages(2)).map(({ text }) => text)).to.deep.equal(['two', 'two']);
  });

  it('writes what one turn brings at once', async () => {
    const browser = await subscriber();
    const sender = await fixture.client();
    const frame = encodeRawFrame('SEND', { destination: '/queue/a' }, 'x');
    const before = endpoint.writes();
    sender.write(Buffer.concat(Array<Buffer>(20).fill(frame)));
    await browser.messages(20);
    expect(endpoint.writes() - before).to.be.below(4);
  });

  it('speaks 1.1 and needs no sub-protocol, but refuses one that is not STOMP', async () => {
    const browser = await open(['v11.stomp']);
    expect((await browser.connect({ 'accept-version': '1.1' })).headers['version']).to.equal('1.1');
    await (await open([])).connect();
    const mqtt = await open(['mqtt']);
    expect((await mqtt.take('ERROR')).text).to.include('v12.stomp, v11.stomp');
    await mqtt.closed;
  });

  it('gives deliveries back when the browser goes', async () => {
    const browser = await open();
    await browser.connect();
    await browser.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'client' });
    await fixture.send('/queue/a', 'x');
    await browser.messages(1);
    browser.destroy();
    const next = await fixture.subscriber('/queue/a');
    expect((await next.take('MESSAGE')).headers['redelivered']).to.equal('true');
  });

  it('stops sending to a browser that does not read, and ends it when that lasts', async () => {
    const browser = await open();
    await browser.connect();
    await browser.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'client' });
    browser.pause();
    const sender = await fixture.client();
    for (let count = 0; count < 30; count += 1)
      sender.frame('SEND', { destination: '/queue/a', persistent: 'true' }, Buffer.alloc(1024 * 1024, 'x'));
    await until(() => fixture.queue('a').depth > 5, { what: 'a queue that waits' });
    await until(() => fixture.broker.statistics().connections === 1, { what: 'the end of the browser' });
    expect(fixture.queue('a').inFlight).to.equal(0);
  });

  it('confirms what is under way and closes when the broker stops', async () => {
    const browser = await subscriber();
    browser.frame('SEND', { destination: '/queue/b', persistent: 'true', receipt: 'r' }, 'x');
    await until(() => fixture.broker.statistics().sent === 1, { what: 'the message' });
    await fixture.broker.stop(2_000);
    await browser.take('RECEIPT', { 'receipt-id': 'r' });
    await browser.closed;
  });
});
