import { expect } from 'chai';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import type { RawStomp, ReceivedFrame } from '../../../support/raw-stomp.js';
import { until } from '../../../support/until.js';

describe('what the embedded broker refuses', () => {
  const fixture = embeddedBroker({
    limits: {
      connections: 5,
      subscriptionsPerConnection: 2,
      connectDeadlineMs: 200,
      frameStallMs: 200,
      bodyBytes: 1_000,
    },
  });

  async function errorOf(
    client: RawStomp,
    command: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<ReceivedFrame> {
    client.frame(command, { ...headers, receipt: 'r' }, body);
    return await client.take('ERROR', { 'receipt-id': 'r' });
  }

  const destinations = [
    '/temp-queue/a',
    '/temp-topic/a',
    '/remote-temp-queue/a',
    '/queue/a.*',
    '/queue/a.>',
    '/queue/a,/queue/b',
    '/topic/a.>',
    '/queue/',
    '/queue/ a',
    '/queue/a\nb',
    '/exchange/a',
    'queue://a',
    `/queue/${'x'.repeat(256)}`,
    '',
  ];
  for (const destination of destinations) {
    it(`is the destination ${JSON.stringify(destination.slice(0, 20))}, for SEND and SUBSCRIBE, and it serves on`, async () => {
      const client = await fixture.client();
      for (const [command, headers] of [
        ['SEND', {}],
        ['SUBSCRIBE', { id: 's' }],
      ] as const) {
        const error = await errorOf(client, command, { ...headers, destination });
        expect(error.headers['message']).to.match(/destination .*(not offered|missing)/su);
        expect(error.text).to.include('/queue/NAME, /topic/NAME or plain NAME');
      }
      await client.confirmed('SEND', { destination: '/queue/a' }, 'fine');
    });
  }

  const subscriptions: [string, Record<string, string>][] = [
    ['no id', { id: '' }],
    ['a selector', { selector: "x = 'y'" }],
    ['a browser', { browser: 'true' }],
    ['an exclusive consumer', { 'activemq.exclusive': 'true' }],
    ['no-local', { 'activemq.noLocal': 'true' }],
    ['an unknown ack mode', { ack: 'sometimes' }],
    ['a prefetch of 0', { 'activemq.prefetchSize': '0' }],
    ['a prefetch that is no number', { 'prefetch-count': 'many' }],
    ['a prefetch over the limit', { 'prefetch-count': '100001' }],
  ];
  for (const [what, headers] of subscriptions) {
    it(`is a subscription with ${what}, and it serves on`, async () => {
      const client = await fixture.client();
      const error = await errorOf(client, 'SUBSCRIBE', { id: 's', destination: '/queue/a', ...headers });
      expect(error.text.length).to.be.above(10);
      await client.confirmed('SUBSCRIBE', {
        id: 's',
        destination: '/queue/a',
        'activemq.exclusive': 'false',
      });
    });
  }

  it('is a subscription id that is in use, and UNSUBSCRIBE of one that is not', async () => {
    const client = await fixture.subscriber('/queue/a');
    expect(
      (await errorOf(client, 'SUBSCRIBE', { id: 's', destination: '/queue/b' })).headers['message'],
    ).to.include('in use');
    expect((await errorOf(client, 'UNSUBSCRIBE', { id: 't' })).headers['message']).to.equal(
      'subscription unknown',
    );
    await client.confirmed('UNSUBSCRIBE', { id: 's' });
  });

  it('is a subscription too many: that ends the connection', async () => {
    const client = await fixture.subscriber('/queue/a');
    await client.confirmed('SUBSCRIBE', { id: 't', destination: '/queue/a' });
    expect((await errorOf(client, 'SUBSCRIBE', { id: 'u', destination: '/queue/a' })).text).to.include(
      '2 subscriptions',
    );
    await client.closed;
  });

  it('is a body over the limit: ERROR with the receipt arrives although the client goes on sending', async () => {
    const client = await fixture.client();
    client.frame('SEND', { destination: '/queue/a', receipt: 'r' }, 'x'.repeat(500_000));
    const error = await client.take('ERROR');
    expect(error.headers).to.include({ message: 'body too long', 'receipt-id': 'r' });
    expect(error.text).to.include('1000 bytes');
    await client.closed;
    await (await fixture.client()).confirmed('SEND', { destination: '/queue/a' }, 'serves on');
  });

  it('is a connection too many, with ERROR; there is room again when one has ended', async () => {
    const clients = await Promise.all([1, 2, 3, 4, 5].map(() => fixture.client()));
    const extra = await fixture.open();
    expect((await extra.take('ERROR')).headers['message']).to.equal('too many connections');
    await extra.closed;
    clients[0]?.destroy();
    await until(() => fixture.broker.statistics().connections < 5, { what: 'room' });
    await fixture.client();
  });

  it('is a client that does not log in or does not finish a frame in time', async () => {
    const silent = await fixture.open();
    expect((await silent.take('ERROR')).headers['message']).to.equal('no CONNECT in time');
    await silent.closed;
    const slow = await fixture.client();
    slow.write('SEND\nreceipt:r\n');
    expect((await slow.take('ERROR')).headers['message']).to.equal('half a frame');
    await slow.closed;
  });

  it('is garbage of any kind, and it serves on for others', async () => {
    const garbage = [
      Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
      Buffer.from(Array.from({ length: 3_000 }, (_, index) => (index * 7919) % 256)),
      Buffer.from('\0\0\0\0'),
      Buffer.from('CONNECT\n\0'),
      Buffer.alloc(200_000, 'A'),
      Buffer.from('CONNECT\naccept-version:1.2\ncontent-length:99999999\n\n'),
    ];
    for (const bytes of garbage) {
      const client = await fixture.open();
      client.write(bytes);
      await client.take('ERROR');
      await client.closed;
    }
    await (await fixture.client()).confirmed('SEND', { destination: '/queue/a' }, 'serves on');
  });
});

describe('the embedded broker with a login', () => {
  const fixture = embeddedBroker({ credentials: { login: 'me', passcode: 'secret' } });

  it('takes who knows it and nobody else', async () => {
    await fixture.client({ login: 'me', passcode: 'secret' });
    const stranger = await fixture.open();
    stranger.frame('CONNECT', { 'accept-version': '1.2', login: 'me', passcode: 'guess' });
    expect((await stranger.take('ERROR')).headers['message']).to.equal('login refused');
    await stranger.closed;
  });
});
