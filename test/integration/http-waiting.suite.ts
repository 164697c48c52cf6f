import { expect } from 'chai';
import type { Message } from '#core/message.js';
import { uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import { until } from '../support/until.js';

const defaultWaitMs = 300;

/** How long a call is kept, and where its reply goes. `brokerUrl` undefined = the embedded broker. */
export function describeWaiting(brokerUrl: () => string | undefined): void {
  const bench = httpBench(() => {
    const url = brokerUrl();
    return {
      ...(url === undefined ? {} : { brokerUrl: url }),
      settings: { REPLYTO_REQUESTS__WAIT_MS: String(defaultWaitMs), REPLYTO_REQUESTS__MAX_WAIT_MS: '4s' },
    };
  });

  async function elapsed<T>(work: Promise<T>): Promise<[T, number]> {
    const started = performance.now();
    return [await work, performance.now() - started];
  }

  it('a caller that prefers to wait gets the reply as soon as it is there', async () => {
    const queue = uniqueName('wait');
    await bench.serve(queue, () => 'hello');
    const answer = await bench.ask(queue, { prefer: 'wait=3' });
    expect(answer.status, answer.text()).to.equal(200);
    expect(answer.text()).to.equal('hello');
    expect(answer.headers).to.include({ 'preference-applied': 'wait=3', vary: 'Prefer' });
    expect(answer.headers).not.to.have.any.keys('location', 'late', 'idempotent-replayed');
  });

  it('a wait that ends without a reply gets 202 with the way back, and the reply is there later', async () => {
    const queue = uniqueName('wait');
    const received = await bench.listen(queue);
    const [answer, ms] = await elapsed(bench.ask(queue, { prefer: 'wait=1', 'message-id': queue }));
    expect(answer.status, answer.text()).to.equal(202);
    expect(ms).to.be.within(950, 3_000);
    expect(answer.headers).to.include({
      'message-id': queue,
      location: `/requests/${queue}`,
      'retry-after': '1',
      'content-type': 'application/json',
      'preference-applied': 'wait=1',
    });
    expect(answer.json()).to.deep.include({
      id: queue,
      status: 'sent',
      queue,
      links: {
        self: `/requests/${queue}`,
        reply: `/requests/${queue}/reply`,
        events: `/requests/${queue}/events`,
      },
    });
    await bench.reply(received[0]!, { late: false });
    await bench.reaches(queue, 'replied');
    const reply = await call(`${bench.url}${answer.headers['location']!}/reply`);
    expect([reply.status, reply.text()]).to.deep.equal([200, '{"late":false}']);
  });

  it('a caller that prefers no wait gets 202 at once, although the service is quick', async () => {
    const queue = uniqueName('wait');
    await bench.serve(queue, () => 'quick');
    for (const prefer of ['respond-async', 'wait=0', 'RESPOND-ASYNC']) {
      const answer = await bench.ask(queue, { prefer });
      expect(answer.status, answer.text()).to.equal(202);
      expect(answer.headers['preference-applied']).to.equal(prefer.toLowerCase());
      expect(answer.json()).to.include({ status: 'accepted' });
    }
  });

  it('respond-async with a wait waits first', async () => {
    const queue = uniqueName('wait');
    await bench.serve(queue, () => 'quick');
    const answer = await bench.ask(queue, { prefer: 'respond-async, wait=3' });
    expect(answer.status, answer.text()).to.equal(200);
    expect(answer.headers['preference-applied']).to.equal('respond-async, wait=3');
  });

  it('a caller without a preference waits as long as the configuration says', async () => {
    const quick = uniqueName('wait');
    await bench.serve(quick, () => 'quick');
    const answer = await bench.ask(quick);
    expect(answer.status, answer.text()).to.equal(200);
    expect(answer.headers).not.to.have.property('preference-applied');
    expect(answer.headers['vary']).to.equal('Prefer');

    const [without, ms] = await elapsed(bench.ask(uniqueName('nobody')));
    expect(without.status).to.equal(202);
    expect(ms).to.be.within(defaultWaitMs - 50, defaultWaitMs + 2_000);
  });

  it('no preference goes beyond the limit of the server', async () => {
    const [answer, ms] = await elapsed(bench.ask(uniqueName('nobody'), { prefer: 'wait=999999999' }));
    expect(answer.status).to.equal(202);
    expect(answer.headers['preference-applied']).to.equal('wait=4');
    expect(ms).to.be.within(3_900, 8_000);
  });

  it('with a Reply-To the call gets 202 at once and the reply goes to that queue', async () => {
    const queue = uniqueName('wait');
    const replies = uniqueName('reply queue with spaces');
    await bench.serve(queue, (request) => ({ heard: request.json() }));
    const forwarded = await bench.listen(replies);
    const answer = await bench.ask(
      queue,
      {
        'reply-to': replies,
        'message-id': queue,
        'correl-id': 'conversation 7',
        'content-type': 'application/json',
      },
      '{"say":1}',
    );
    expect(answer.status, answer.text()).to.equal(202);
    expect(answer.json()).to.include({ replyTo: replies });
    await until(() => forwarded.length === 1, { what: 'the reply in the queue of the caller' });
    const [reply] = forwarded;
    expect(reply).to.deep.include({ correlationId: queue, replyTo: null, contentType: 'application/json' });
    expect(reply!.properties).to.include({ conversationId: 'conversation 7' });
    expect(Buffer.from(reply!.body).toString()).to.equal('{"heard":{"say":1}}');

    const kept = await call(`${bench.url}/requests/${queue}/reply`);
    expect([kept.status, kept.text()]).to.deep.equal([200, '{"heard":{"say":1}}']);
    expect(kept.headers['message-id']).to.equal(reply!.messageId);
  });

  it('with a Reply-To and a wait the caller gets the reply, and the queue gets it too', async () => {
    const queue = uniqueName('wait');
    const replies = uniqueName('replies');
    await bench.serve(queue, () => 'both');
    const forwarded = await bench.listen(replies);
    const answer = await bench.ask(queue, { 'reply-to': replies, prefer: 'wait=3' });
    expect([answer.status, answer.text()]).to.deep.equal([200, 'both']);
    await until(() => forwarded.length === 1, { what: 'the reply in the queue of the caller' });
    expect(Buffer.from(forwarded[0]!.body).toString()).to.equal('both');
  });

  it('one-way: the message has no reply address, the call gets 202 at once and ends with the receipt', async () => {
    for (const none of ['none', 'None', 'NONE']) {
      const queue = uniqueName('one-way');
      const received: Message[] = await bench.listen(queue);
      const answer = await bench.ask(queue, { 'reply-to': none, 'message-id': queue });
      expect(answer.status, answer.text()).to.equal(202);
      expect(answer.json()).to.include({ replyTo: null });
      await until(() => received.length === 1, { what: 'the message' });
      expect(received[0]).to.deep.include({ replyTo: null, correlationId: null, messageId: queue });
      expect(received[0]!.properties).not.to.have.any.keys('replyToken', 'storeId');
      await bench.reaches(queue, 'completed');
      expect((await call(`${bench.url}/requests/${queue}/reply`)).status).to.equal(204);
    }
  });

  it('the call of the document works as printed, on a fresh install', async () => {
    await bench.serve('orion.workflow.create', (request) => request.body);
    const answer = await post(`${bench.url}/orion/workflow/create`, '<workflow/>', {
      host: 'gateway.example.com',
      'Content-Type': 'application/xml',
      'Message-ID': uniqueName('6193'),
      Time: '1552959300136',
      'Reply-to': 'Reply Queue',
      'X-Custom': 'kept',
      'User-Agent': 'anything',
    });
    expect(answer.status, answer.text()).to.equal(202);
    expect(answer.json()).to.include({ queue: 'orion.workflow.create', replyTo: 'Reply Queue' });
    const reply = await call(`${bench.url}${answer.headers['location']!}/reply`, {
      headers: { prefer: 'wait=3' },
    });
    expect([reply.status, reply.text()]).to.deep.equal([200, '<workflow/>']);
  });

  it('a caller that hangs up ends its wait and nothing else', async () => {
    const queue = uniqueName('wait');
    const received = await bench.listen(queue);
    const hangUp = new AbortController();
    const lost = fetch(`${bench.url}/requests/${queue}`, {
      method: 'POST',
      headers: { prefer: 'wait=4', 'message-id': queue },
      body: '{}',
      signal: hangUp.signal,
    }).catch(() => 'hung up');
    await until(() => received.length === 1, { what: 'the message' });
    await until(async () => (await bench.metric('waits')) === 1, { what: 'the caller to wait' });
    hangUp.abort();
    expect(await lost).to.equal('hung up');
    await until(async () => (await bench.metric('waits')) === 0, { what: 'the end of the wait' });
    await bench.reply(received[0]!, 'still here');
    await bench.reaches(queue, 'replied');
    expect((await call(`${bench.url}/requests/${queue}/reply`)).text()).to.equal('still here');
  });
}
