import { expect } from 'chai';
import { Fault } from '#core/fault.js';
import type { Message } from '#core/message.js';
import { contents } from '#messaging/contents.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { encodeRawFrame } from '../support/raw-stomp.js';
import { openStranger } from '../support/stranger.js';
import { until } from '../support/until.js';
import { happens } from '../support/happens.js';

/** `GET /requests/{id}/reply` in every state of a request, and how a request ends for its caller. */
export function describeReplies(brokerUrl: () => string | undefined): void {
  const bench = httpBench(() => {
    const url = brokerUrl();
    return url === undefined ? {} : { brokerUrl: url };
  });

  const reply = (id: string, query = '', headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    call(`${bench.url}/requests/${id}/reply${query}`, { headers });

  /** An open request whose message is in the hands of the test. */
  async function openRequest(
    headers: Record<string, string> = {},
  ): Promise<{ id: string; message: Message }> {
    const queue = uniqueName('reply');
    const received = await bench.listen(queue);
    const answer = await bench.ask(queue, { 'message-id': queue, prefer: 'respond-async', ...headers });
    expect(answer.status, answer.text()).to.equal(202);
    await until(() => received.length === 1, { what: 'the message' });
    return { id: queue, message: received[0]! };
  }

  it('is 202 with the status document while there is none', async () => {
    const { id } = await openRequest();
    await bench.reaches(id, 'sent');
    const answer = await reply(id);
    expect(answer.status).to.equal(202);
    expect(answer.headers).to.include({ location: `/requests/${id}`, 'retry-after': '1', 'message-id': id });
    expect(answer.json()).to.include({ id, status: 'sent', replies: 0 });
  });

  it('is 200 once it is there, as often as it is asked for', async () => {
    const { id, message } = await openRequest();
    await bench.reply(message, contents('<a/>', { contentType: 'application/xml', headers: { 'x-n': '1' } }));
    await bench.reaches(id, 'replied');
    const answers = [await reply(id), await reply(id), await reply(id, '?n=1')];
    for (const answer of answers) {
      expect(answer.status).to.equal(200);
      expect(answer.text()).to.equal('<a/>');
      expect(answer.headers).to.include({ 'content-type': 'application/xml', 'x-n': '1', 'correl-id': id });
      expect(answer.headers).not.to.have.property('late');
      expect(answer.headers['message-id']).to.equal(answers[0]!.headers['message-id']);
    }
  });

  it('is waited for as Prefer says', async () => {
    const { id, message } = await openRequest();
    const waiting = reply(id, '', { prefer: 'wait=10' });
    await until(async () => (await bench.metric('waits')) === 1, { what: 'the caller to wait' });
    await bench.reply(message, 'now');
    const answer = await waiting;
    expect([answer.status, answer.text()]).to.deep.equal([200, 'now']);
    expect(answer.headers).to.include({ 'preference-applied': 'wait=10', vary: 'Prefer' });
  });

  it('is a problem with the Fault inside, under 502 when the service asks for no status', async () => {
    const queue = uniqueName('fault');
    await bench.serve(queue, () => {
      throw new Fault('NO_STOCK', 'nothing left', { retryable: true, details: { left: 0 } });
    });
    const asked = await bench.ask(queue, { prefer: 'wait=10', 'message-id': queue });
    for (const answer of [asked, await reply(queue)]) {
      const problem = problemOf(answer, 502, 'REPLY_FAULT');
      expect(problem).to.deep.include({
        detail: 'nothing left',
        requestId: queue,
        fault: { code: 'NO_STOCK', message: 'nothing left', retryable: true, details: { left: 0 } },
      });
      expect(answer.headers['correl-id']).to.equal(queue);
    }
    expect(await bench.status(queue)).to.deep.include({ status: 'faulted', replies: 1 });
  });

  for (const status of [400, 404, 409, 418, 503, 599]) {
    it(`is a problem under ${status} when the service asks for that`, async () => {
      const queue = uniqueName('fault');
      await bench.serve(queue, () => {
        throw new Fault('OWN', 'as asked', { status });
      });
      problemOf(await bench.ask(queue, { prefer: 'wait=10', 'message-id': queue }), status, 'REPLY_FAULT');
      problemOf(await reply(queue), status, 'REPLY_FAULT');
    });
  }

  it('is 504 when the request expires while the caller waits, and afterwards', async () => {
    const queue = uniqueName('expiry');
    const answer = await bench.ask(queue, { 'request-timeout': '1', prefer: 'wait=15', 'message-id': queue });
    const problem = problemOf(answer, 504, 'REQUEST_EXPIRED');
    expect(problem.requestId).to.equal(queue);
    expect(answer.headers['message-id']).to.equal(queue);
    const { expiresAt } = await bench.status(queue);
    expect(problem.deadlineAt).to.equal(expiresAt);
    problemOf(await reply(queue), 504, 'REQUEST_EXPIRED');
  });

  happens(
    'Messages',
    'a reply after its request expired',
    'it is kept, and read with Late: true',
    async () => {
      const { id, message } = await openRequest({ 'request-timeout': '1' });
      await bench.reaches(id, 'expired');
      await bench.reply(message, 'after all');
      await until(async () => (await bench.status(id)).late, { what: 'the late reply' });
      const answer = await reply(id);
      expect([answer.status, answer.text()]).to.deep.equal([200, 'after all']);
      expect(answer.headers['late']).to.equal('true');
      expect(await bench.status(id)).to.include({ status: 'expired', replies: 1 });
    },
  );

  it('is 200 with Late when it comes to a request that expected none', async () => {
    const queue = uniqueName('one-way');
    await bench.ask(queue, { 'message-id': queue, 'reply-to': 'none' });
    await bench.reaches(queue, 'completed');
    await bench.replyUnasked(queue, 'unasked');
    const answer = await reply(queue);
    expect([answer.status, answer.text(), answer.headers['late']]).to.deep.equal([200, 'unasked', 'true']);
  });

  it('is 409 after the request was cancelled, also for who waits', async () => {
    const { id } = await openRequest();
    const waiting = reply(id, '', { prefer: 'wait=10' });
    await until(async () => (await bench.metric('waits')) === 1, { what: 'the caller to wait' });
    await call(`${bench.url}/requests/${id}`, { method: 'DELETE' });
    problemOf(await waiting, 409, 'REQUEST_CANCELLED');
    problemOf(await reply(id), 409, 'REQUEST_CANCELLED');
  });

  happens(
    'Messages',
    'a second, other reply',
    'it is kept as number 2; the first stays the answer',
    async () => {
      const { id, message } = await openRequest();
      await bench.reply(message, 'first');
      await bench.reaches(id, 'replied');
      await bench.reply(message, 'second');
      await until(async () => (await bench.status(id)).replies === 2, { what: 'the second reply' });
      expect((await reply(id)).text()).to.equal('first');
      expect((await reply(id, '?n=1')).text()).to.equal('first');
      const second = await reply(id, '?n=2');
      expect([second.status, second.text()]).to.deep.equal([200, 'second']);
      expect(second.headers).not.to.have.property('late');
      const third = faultOf(await reply(id, '?n=3'), 400, 'INVALID_REQUEST');
      expect(third).to.deep.equal({ field: '?n', value: '3', allowed: '1 to 2' });
    },
  );

  happens(
    'Messages',
    'a reply with headers that break HTTP or belong to the gateway',
    'the reply is taken; of its headers those that can be are passed on',
    async () => {
      const { id } = await openRequest();
      const service = await openStranger(bench.gateway.brokerUrl);
      await service.send(
        `${bench.gateway.prefix}.replies`,
        {
          'Message-ID': `${id}-reply`,
          'correlation-id': id,
          'content-type': 'text/html\r\nX-Injected: 1',
          'X-Note': 'line\nend',
          'X-Own': 'let out',
          'Forward-Headers': 'trailer,transfer-encoding,set-cookie,cache-control,accept-language',
          trailer: 'x',
          'transfer-encoding': 'chunked',
          'set-cookie': 'a=b',
          'cache-control': 'public',
          'accept-language': 'de',
        },
        'text',
      );
      service.destroy();
      await bench.reaches(id, 'replied');
      const answer = await reply(id);
      expect([answer.status, answer.text()]).to.deep.equal([200, 'text']);
      expect(answer.headers).to.include({ 'x-own': 'let out', 'cache-control': 'no-cache' });
      expect(answer.headers).not.to.have.any.keys(
        'trailer',
        'transfer-encoding',
        'set-cookie',
        'accept-language',
      );
      // Had it ended the process, nobody would say this.
      expect((await call(`${bench.url}/livez`)).status).to.equal(200);
      expect(answer.headers['content-type']).to.match(
        /^(?:text\/plain; charset=utf-8|application\/octet-stream)$/u,
      );
      expect(answer.headers).not.to.have.any.keys('x-injected', 'x-note');
    },
  );

  it('without a content type is what it reads as: text of a text message, bytes of any other', async () => {
    const bytes = await openRequest();
    const body = Buffer.from([0, 255]);
    await bench.reply(bytes.message, { ...contents(body), contentType: null });
    await bench.reaches(bytes.id, 'replied');
    const binary = await reply(bytes.id);
    expect(binary.headers['content-type']).to.equal('application/octet-stream');
    expect(binary.body.equals(body)).to.equal(true);

    const { id } = await openRequest();
    const service = await openStranger(bench.gateway.brokerUrl);
    // Without a body of its own, and so without a length: it is a TextMessage to JMS.
    const head = encodeRawFrame('SEND', {
      ...service.toQueue(`${bench.gateway.prefix}.replies`),
      'correlation-id': id,
    });
    service.write(Buffer.concat([head.subarray(0, -1), Buffer.from('täxt\0')]));
    await bench.reaches(id, 'replied');
    service.destroy();
    const text = await reply(id);
    expect(text.headers['content-type']).to.equal('text/plain; charset=utf-8');
    expect(text.text()).to.equal('täxt');
  });
}
