import { expect } from 'chai';
import { embeddedBroker } from '../../../support/embedded-broker.js';
import type { RawStomp, ReceivedFrame } from '../../../support/raw-stomp.js';

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

  it('is a body over the limit: ERROR with the receipt arrives although the client goes on sending', async () => {
    const client = await fixture.client();
    client.frame('SEND', { destination: '/queue/a', receipt: 'r' }, 'x'.repeat(500_000));
    const error = await client.take('ERROR');
    expect(error.headers).to.include({ message: 'body too long', 'receipt-id': 'r' });
    expect(error.text).to.include('1000 bytes');
    await client.closed;
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
