import { expect } from 'chai';
import { poisons } from '#testing/poisons.js';
import type { TestRequestor } from '#testing/requestor/test-requestor.js';
import { startTestRequestor } from '#testing/requestor/test-requestor.js';
import type { TestBroker } from '#testing/test-broker.js';
import { startTestBroker } from '#testing/test-broker.js';
import { failureOf, rejectionOf } from '../support/errors.js';
import type { RawStomp } from '../support/raw-stomp.js';
import { openRawStomp } from '../support/raw-stomp.js';
import { until } from '../support/until.js';

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return ((await rejectionOf(promise)) as Error).message;
}

describe('the requestor of the test kit', () => {
  let broker: TestBroker;
  let requestor: TestRequestor;
  let service: RawStomp;

  beforeEach(async () => {
    broker = await startTestBroker({ maxBodyBytes: 1_000_000 });
    requestor = await startTestRequestor({ broker, replyQueue: 'replies' });
    service = await openRawStomp(broker.port);
    await service.connect();
  });
  afterEach(async () => {
    service.destroy();
    await requestor.stop();
    await broker.stop();
  });

  function reply(to: string, text: string, headers: Record<string, string> = {}): Promise<void> {
    return service.confirmed(
      'SEND',
      { destination: '/queue/replies', 'correlation-id': to, ...headers },
      text,
    );
  }

  it('sends requests as the product does, with other headers where a test wants them', async () => {
    await service.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a' });
    const headers = { 'x-more': '1', 'Content-Digest': undefined };
    const { messageId } = await requestor.ask('a', { item: 'tea' }, { headers, timeoutMs: 60_000 });
    const request = await service.take('MESSAGE');
    expect(JSON.parse(request.text)).to.deep.equal({ item: 'tea' });
    expect(request.headers).to.include({
      ...{ 'Message-ID': messageId, 'correlation-id': messageId, 'reply-to': '/queue/replies' },
      ...{ 'content-type': 'application/json', persistent: 'true', 'Deadline-Ms': '60000', 'x-more': '1' },
    });
    expect(request.headers).to.not.have.property('Content-Digest');
  });

  it('keeps every reply, and tells those that are equal from those that differ', async () => {
    const asked = await requestor.ask('a', 'x', { messageId: 'one' });
    await reply('one', 'yes', { 'Message-ID': 'r-1' });
    await reply('one', 'yes', { 'Message-ID': 'r-1' });
    expect((await asked.atLeast(2)).map(({ id }) => id)).to.deep.equal(['r-1', 'r-1']);
    // Nobody serves the queue.
    expect(await messageOf(asked.onlyReply({ withinMs: 20 }))).to.equal(
      'the queues were not drained within 20 ms; a: 1 wait, 0 in flight',
    );
    await service.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'auto' });
    expect((await asked.onlyReply()).text()).to.equal('yes');
    await reply('one', 'no', { 'Message-ID': 'r-2' });
    await asked.atLeast(3);
    expect(await messageOf(asked.onlyReply())).to.equal(
      "2 different replies came to request one to a: 'yes' (r-1) and 'no' (r-2)",
    );
  });

  it('tells a reply that is no good, and one that is for nobody', async () => {
    await service.confirmed('SUBSCRIBE', { id: 's', destination: '/queue/a', ack: 'auto' });
    const asked = await requestor.ask('a', 'x', { messageId: 'one' });
    await reply('one', '{"code":1}', { Fault: 'true' });
    expect(await messageOf(asked.onlyReply())).to.match(
      /^the reply to request one to a is invalid: its fault/u,
    );
    await reply('two', 'stray');
    const [stranger] = await until(() => requestor.strangers.length > 0 && requestor.strangers, {
      what: 'the stray reply',
    });
    expect(stranger?.text()).to.equal('stray');
  });

  it('finds what a service put among the dead letters, by the id of the request', async () => {
    const asked = await requestor.ask('a', 'x', { messageId: 'one' });
    const letter = { 'x-original-message-id': 'one', 'x-reason': 'no stock', 'Message-ID': 'letter' };
    await service.confirmed('SEND', { destination: '/queue/replyto.invalid', ...letter }, 'x');
    expect(await asked.refusal()).to.deep.equal({
      ...{ kind: 'dead-letter', queue: 'replyto.invalid', reason: 'no stock' },
    });
    expect(asked.deadLetters).to.have.lengthOf(1);
  });

  it('tells when the broker does not take a request, and goes on', async () => {
    expect(await messageOf(requestor.ask('a*', 'x'))).to.match(/^queue 'a\*'/u);
    expect(await messageOf(requestor.poison('a', { headers: { destination: '/nowhere/a' } }))).to.match(
      /^the broker refused the message: destination '\/nowhere\/a' is not offered/u,
    );
    await requestor.ask('a', 'x');
    expect(broker.queue('a').depth).to.equal(1);
    expect(await messageOf(requestor.poison('a', poisons.overSize))).to.match(/body too long/u);
  });

  it('ends every wait when it stops', async () => {
    const asked = await requestor.ask('a', 'x', { messageId: 'one' });
    const waiting = messageOf(asked.reply());
    await requestor.stop();
    expect(await waiting).to.equal(
      'the requestor was stopped; waited for a reply to request one to a; there are 0',
    );
  });

  it('refuses options that cannot be right, all at once', async () => {
    const wrong = { broker: {}, replyQueue: 'a/b', deadLetterQueues: ['good', 5], prefx: 'x' };
    const { problems } = await failureOf(startTestRequestor(wrong as never));
    expect(problems.map(({ field }) => field)).to.deep.equal([
      ...['prefx', 'broker', 'replyQueue', 'deadLetterQueues[1]'],
    ]);
    expect((await failureOf(startTestRequestor({ broker: 'stomp://127.0.0.1:1' }))).code).to.equal(
      'BROKER_UNAVAILABLE',
    );
  });
});

describe('the broker of the test kit', () => {
  it('refuses options that cannot be right, and a port that is taken', async () => {
    const { problems } = await failureOf(
      startTestBroker({ port: 70_000, maxBodyBytes: 0, hots: 'a' } as never),
    );
    expect(problems.map(({ field }) => field)).to.deep.equal(['hots', 'port', 'maxBodyBytes']);
    const broker = await startTestBroker();
    expect((await failureOf(startTestBroker({ port: broker.port }))).code).to.equal('PORT_TAKEN');
    expect(broker.url).to.equal(`stomp://127.0.0.1:${broker.port}`);
    expect(broker.queue('nobody')).to.deep.equal({ depth: 0, inFlight: 0, consumers: 0 });
    await broker.stop();
  });
});
