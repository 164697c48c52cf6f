import { expect } from 'chai';
import { Fault } from '#core/fault.js';
import { contentDigest } from '#messaging/digest.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { until } from '../support/until.js';

describe('repeated calls over HTTP', () => {
  const bench = httpBench();

  it('with the same content get the same answer as the first, and the service runs once', async () => {
    const queue = uniqueName('repeat');
    let runs = 0;
    await bench.serve(queue, () => ({ run: (runs += 1) }));
    const headers = { 'message-id': queue, prefer: 'wait=10' };
    const first = await bench.ask(queue, headers);
    const second = await bench.ask(queue, headers);
    expect(first.status, first.text()).to.equal(200);
    expect(first.headers).not.to.have.property('idempotent-replayed');
    expect(second.status).to.equal(200);
    expect(second.headers['idempotent-replayed']).to.equal('true');
    expect(second.text()).to.equal(first.text());
    for (const name of ['message-id', 'correl-id', 'time', 'content-type']) {
      expect(second.headers[name], name).to.equal(first.headers[name]);
    }
    expect(runs).to.equal(1);
  });

  happens(
    'HTTP',
    'the same request again while the first is in progress',
    'it joins the first: all wait and get its reply, one message is sent',
    async () => {
      const queue = uniqueName('repeat');
      const received = await bench.listen(queue);
      const headers = { 'message-id': queue };
      const first = bench.ask(queue, { ...headers, prefer: 'wait=10' });
      await until(() => received.length === 1, { what: 'the message' });

      const open = await bench.ask(queue, { ...headers, prefer: 'respond-async' });
      expect(open.status).to.equal(202);
      expect(open.headers).to.include({ 'idempotent-replayed': 'true', location: `/requests/${queue}` });

      const second = bench.ask(queue, { ...headers, prefer: 'wait=10' });
      await until(async () => (await bench.metric('waits')) === 2, { what: 'both to wait' });
      await bench.reply(received[0]!, 'done');
      const answers = await Promise.all([first, second]);
      expect(answers.map((answer) => [answer.status, answer.text()])).to.deep.equal([
        [200, 'done'],
        [200, 'done'],
      ]);
      expect(received).to.have.lengthOf(1);
    },
  );

  happens(
    'HTTP',
    'the same request hundred times at once',
    'one request, one message, one reply for all',
    async () => {
      const queue = uniqueName('repeat');
      const ids = new Set<string>();
      let runs = 0;
      await bench.serve(queue, (request) => {
        ids.add(request.messageId);
        return { run: (runs += 1) };
      });
      const sentBefore = await bench.metric('requests_sent_total');
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => bench.ask(queue, { 'message-id': queue, prefer: 'wait=10' })),
      );
      expect([...new Set(answers.map((answer) => `${answer.status} ${answer.text()}`))]).to.deep.equal([
        '200 {"run":1}',
      ]);
      const fresh = answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined);
      expect(fresh).to.have.lengthOf(1);
      expect([...ids]).to.deep.equal([queue]);
      expect(runs).to.equal(1);
      expect(await bench.metric('requests_sent_total')).to.equal(sentBefore + 1);
    },
  );

  it('may spell the id as Idempotency-Key, quoted or not, alone or beside Message-ID', async () => {
    const queue = uniqueName('repeat');
    await bench.serve(queue, () => 'once');
    const spellings: Record<string, string>[] = [
      { 'idempotency-key': `"${queue}"` },
      { 'idempotency-key': queue },
      { 'message-id': queue },
      { 'message-id': queue, 'idempotency-key': `"${queue}"` },
    ];
    for (const [index, spelling] of spellings.entries()) {
      const answer = await bench.ask(queue, { ...spelling, prefer: 'wait=10' });
      expect(answer.status, answer.text()).to.equal(200);
      expect(answer.headers['correl-id']).to.equal(queue);
      expect(answer.headers['idempotent-replayed']).to.equal(index === 0 ? undefined : 'true');
    }
  });

  for (const [title, change, field, value] of [
    ['another body', { body: '{"other":true}' }, 'body', contentDigest(Buffer.from('{"other":true}'))],
    ['another queue', { queue: 'other' }, 'queue', undefined],
    ['another Reply-To', { headers: { 'reply-to': 'other.replies' } }, 'Reply-To', 'other.replies'],
    ['no reply expected', { headers: { 'reply-to': 'none' } }, 'Reply-To', 'none'],
  ] as const) {
    it(`with ${title} get 422 that names it; the first goes on and the second is not sent`, async () => {
      const queue = uniqueName('repeat');
      const other = `${queue}.other`;
      const received = await bench.listen(queue);
      const receivedElsewhere = await bench.listen(other);
      const headers = { 'message-id': queue, prefer: 'respond-async' };
      expect((await bench.ask(queue, headers)).status).to.equal(202);
      const answer = await bench.ask(
        'queue' in change ? other : queue,
        { ...headers, ...('headers' in change ? change.headers : {}) },
        'body' in change ? change.body : undefined,
      );
      const problem = problemOf(answer, 422, 'IDEMPOTENCY_MISMATCH');
      expect(problem.requestId).to.equal(queue);
      expect(problem.detail).to.include('another body, queue or Reply-To');
      const fault = faultOf(answer, 422, 'IDEMPOTENCY_MISMATCH');
      expect(fault).to.deep.include({ field, value: value ?? other });
      expect(fault.allowed).to.include('of the first request with this Message-ID');
      expect(answer.headers['message-id']).to.equal(queue);

      await bench.ask(other, { 'message-id': `${queue}-after`, prefer: 'respond-async' });
      await until(() => receivedElsewhere.length > 0, { what: 'the message of the next call' });
      expect(receivedElsewhere.map(({ messageId }) => messageId)).to.deep.equal([`${queue}-after`]);
      expect(received.map(({ messageId }) => messageId)).to.deep.equal([queue]);
      expect(await bench.status(queue)).to.include({ queue, replyTo: null });
    });
  }

  happens(
    'HTTP',
    'a Message-ID that was used before, with another body, queue and Reply-To',
    '422 that names each of them and shows nothing of the first request, which goes on; nothing stored or sent',
    async () => {
      const queue = uniqueName('repeat');
      const other = `${queue}.other`;
      const received = await bench.listen(other);
      const first = { 'message-id': queue, 'reply-to': 'secret.replies', prefer: 'respond-async' };
      await bench.ask(queue, first, 'secret body');
      const answer = await bench.ask(other, { 'message-id': queue, prefer: 'respond-async' }, 'x');
      const { problems = [] } = problemOf(answer, 422, 'IDEMPOTENCY_MISMATCH');
      expect(problems.map((problem) => [problem.field, problem.value])).to.deep.equal([
        ['queue', other],
        ['Reply-To', undefined],
        ['body', contentDigest(Buffer.from('x'))],
      ]);
      expect(answer.text())
        .not.to.include('secret')
        .and.not.include(contentDigest(Buffer.from('secret body')));
      expect(await bench.status(queue)).to.include({ queue, replyTo: 'secret.replies' });
      await bench.ask(other, { 'message-id': `${queue}-after`, prefer: 'respond-async' });
      await until(() => received.length > 0, { what: 'the message of the next call' });
      expect(received.map(({ messageId }) => messageId)).to.deep.equal([`${queue}-after`]);
    },
  );

  it('with other headers that are no part of the content still join', async () => {
    const queue = uniqueName('repeat');
    const received = await bench.listen(queue);
    const headers = { 'message-id': queue, prefer: 'respond-async' };
    await bench.ask(queue, { ...headers, time: '1', 'x-attempt': '1' });
    const second = await bench.ask(queue, { ...headers, time: '2', 'x-attempt': '2' });
    expect(second.status).to.equal(202);
    expect(second.headers['idempotent-replayed']).to.equal('true');
    await until(() => received.length === 1, { what: 'the message' });
    expect(received[0]).to.deep.include({ time: 1, applicationHeaders: { 'x-attempt': '1' } });
  });

  it('of a request that ended without a reply get its end again', async () => {
    const queue = uniqueName('repeat');
    await bench.serve(queue, () => {
      throw new Fault('NO_STOCK', 'nothing left', { status: 410 });
    });
    const faulted = { 'message-id': `${queue}-faulted`, prefer: 'wait=10' };
    problemOf410((await bench.ask(queue, faulted)).json());
    const again = await bench.ask(queue, faulted);
    problemOf410(again.json());
    expect(again.status).to.equal(410);
    expect(again.headers['idempotent-replayed']).to.equal('true');

    const nobody = uniqueName('nobody');
    const cancelled = { 'message-id': `${queue}-cancelled`, prefer: 'respond-async' };
    await bench.ask(nobody, cancelled);
    await call(`${bench.url}/requests/${queue}-cancelled`, { method: 'DELETE' });
    problemOf(await bench.ask(nobody, cancelled), 409, 'REQUEST_CANCELLED');

    const oneWay = { 'message-id': `${queue}-one-way`, 'reply-to': 'none' };
    await bench.ask(nobody, oneWay);
    await bench.reaches(`${queue}-one-way`, 'completed');
    const repeated = await bench.ask(nobody, oneWay);
    expect(repeated.status).to.equal(202);
    expect(repeated.headers['idempotent-replayed']).to.equal('true');
    expect(repeated.json()).to.include({ status: 'completed' });
  });

  it('of a request that expected no reply get 202 at once, also when one has come all the same', async () => {
    const queue = uniqueName('repeat');
    const headers = { 'message-id': queue, 'reply-to': 'none' };
    await bench.ask(queue, headers);
    await bench.reaches(queue, 'completed');
    await bench.replyUnasked(queue, 'unasked');
    for (const prefer of ['respond-async', 'wait=10']) {
      const repeated = await bench.ask(queue, { ...headers, prefer });
      expect(repeated.status, repeated.text()).to.equal(202);
      expect(repeated.headers).to.include({
        'idempotent-replayed': 'true',
        location: `/requests/${queue}`,
        'message-id': queue,
      });
      expect(repeated.json()).to.include({ id: queue, status: 'completed', late: true });
    }
  });
});

function problemOf410(document: Record<string, unknown>): void {
  expect(document).to.deep.include({
    status: 410,
    code: 'REPLY_FAULT',
    fault: { code: 'NO_STOCK', message: 'nothing left', retryable: false, status: 410 },
  });
}
