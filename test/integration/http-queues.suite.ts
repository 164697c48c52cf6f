import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { queue as queueNamed } from '#core/destination.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { uniqueName } from '../support/gateway.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { queueReader } from '../support/queue-reader.js';
import type { TemporaryFolder } from '../support/temporary-folder.js';
import { makeTemporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';
import { describeLeaseReplies } from './http-lease-replies.suite.js';
import { describeReplyTokens } from './http-reply-token.suite.js';

/** Consumers and services that speak nothing but HTTP. */
export function describeQueues(brokerUrl?: () => string): void {
  const pricedQueue = uniqueName('priced');
  let folder: TemporaryFolder;
  const bench = httpBench(async () => {
    folder = await makeTemporaryFolder();
    const reply = join(folder.path, 'price.json');
    await writeFile(reply, JSON.stringify({ type: 'object', required: ['price'] }));
    const routes = [{ path: '/priced', queue: pricedQueue, schema: { reply } }];
    return {
      ...(brokerUrl === undefined ? {} : { brokerUrl: brokerUrl() }),
      settings: { REPLYTO_QUEUES__MAX_ATTEMPTS: '3', REPLYTO_ROUTES: JSON.stringify(routes) },
    };
  });
  after(() => folder.remove());

  const { messagesOf, put, read, lease, urlOf, expectEmpty } = queueReader(bench);

  it('gives one message with its body, its fields and a lease, and removes it when it is acknowledged', async () => {
    const queue = uniqueName('read');
    const sent = await put(queue, {
      correlationId: 'the-request',
      contentType: 'text/plain',
      body: Buffer.from('hello'),
      properties: { conversationId: 'talk', project: 'p1' },
      applicationHeaders: { 'x-colour': 'red' },
    });
    const leased = await lease(queue);
    expect(leased.text()).to.equal('hello');
    expect(leased.headers).to.include({
      'content-type': 'text/plain',
      'message-id': sent.messageId,
      'correl-id': 'the-request',
      'conversation-id': 'talk',
      project: 'p1',
      time: String(sent.time),
      attempt: '1',
      'x-colour': 'red',
      'cache-control': 'no-store',
    });
    expect(leased.headers).to.not.have.any.keys('reply-to', 'fault', 'reply-token');
    const left = Number(leased.headers['lease-expires']) - Date.now();
    expect(left).to.be.within(30_000, 61_000);
    expect((await call(urlOf(leased), { method: 'DELETE' })).status).to.equal(204);
    await expectEmpty(queue);
  });

  it('answers 204 when no message came within the wait', async () => {
    const answer = await read(uniqueName('empty'), { prefer: 'wait=1' });
    expect([answer.status, answer.text(), answer.headers['preference-applied']]).to.deep.equal([
      204,
      '',
      'wait=1',
    ]);
  });

  it('finds a message that is there without any wait', async () => {
    const queue = uniqueName('there');
    await put(queue);
    const answer = await until(
      async () => {
        const polled = await call(messagesOf(queue));
        return polled.status === 200 && polled;
      },
      { what: 'the message' },
    );
    expect((await call(urlOf(answer), { method: 'DELETE' })).status).to.equal(204);
  });

  it('gives each of many messages to one of many readers, in the order of the queue to one that reads alone', async () => {
    const queue = uniqueName('share');
    const sent: string[] = [];
    for (let number = 0; number < 20; number += 1) sent.push((await put(queue)).messageId);
    const first = await lease(queue);
    expect(first.headers['message-id']).to.equal(sent[0]);
    const rest = await Promise.all(Array.from({ length: 19 }, () => lease(queue)));
    const ids = [first, ...rest].map(({ headers }) => headers['message-id']);
    expect(ids).to.have.members(sent);
    await Promise.all([first, ...rest].map((leased) => call(urlOf(leased), { method: 'DELETE' })));
    await expectEmpty(queue);
  });

  it('sends one message that expects no reply, once for each id', async () => {
    const queue = uniqueName('one-way');
    const headers = { 'message-id': queue, 'content-type': 'text/plain' };
    const first = await post(messagesOf(queue), 'hello', headers);
    expect(first.status, first.text()).to.equal(202);
    const again = await post(messagesOf(queue), 'hello', headers);
    expect(again.headers['idempotent-replayed']).to.equal('true');
    const leased = await lease(queue);
    expect(leased.headers['message-id']).to.equal(queue);
    expect(leased.headers).to.not.have.property('reply-to');
    await call(urlOf(leased), { method: 'DELETE' });
    await expectEmpty(queue);
    await bench.reaches(queue, 'completed');
  });

  it('gives a message that is released back at once, as another attempt', async () => {
    const queue = uniqueName('release');
    const { messageId } = await put(queue);
    const leased = await lease(queue);
    expect((await post(`${urlOf(leased)}/release`, '')).status).to.equal(204);
    expect((await post(`${urlOf(leased)}/release`, '')).status).to.equal(204);
    const again = await lease(queue);
    expect(again.headers).to.include({ 'message-id': messageId, attempt: '2' });
    expect(again.headers['lease']).to.not.equal(leased.headers['lease']);
    await call(urlOf(again), { method: 'DELETE' });
    await expectEmpty(queue);
  });

  it('keeps a lease that is renewed, and gives the message back when it is not', async () => {
    const queue = uniqueName('renew');
    const { messageId } = await put(queue);
    const leased = await lease(queue, { 'lease-seconds': '1' });
    const renewed = await post(`${urlOf(leased)}/renew`, '', { 'lease-seconds': '3' });
    expect(renewed.status).to.equal(204);
    expect(Number(renewed.headers['lease-expires'])).to.be.above(
      Number(leased.headers['lease-expires']) + 1_000,
    );
    const again = await lease(queue, { prefer: 'wait=20' });
    expect(Date.now()).to.be.at.least(Number(renewed.headers['lease-expires']));
    expect(again.headers).to.include({ 'message-id': messageId, attempt: '2' });
    const late = problemOf(await call(urlOf(leased), { method: 'DELETE' }), 410, 'LEASE_ENDED');
    expect(late.detail).to.contain('it ran out');
    await call(urlOf(again), { method: 'DELETE' });
    await expectEmpty(queue);
  });

  happens(
    'Messages',
    'a message that nobody acknowledges, whoever leases it',
    'it goes back to its queue when its lease runs out, and in attempt queues.maxAttempts to the dead letters; its sender gets the fault SERVICE_FAILED',
    async function () {
      this.timeout(60_000);
      const queue = uniqueName('poison');
      const before = await bench.metric('messages_dead_lettered_total');
      const asked = bench.ask(queue, { prefer: 'wait=30' });
      for (const attempt of ['1', '2', '3']) {
        const leased = await lease(queue, { 'lease-seconds': '1', prefer: 'wait=20' });
        expect(leased.headers['attempt']).to.equal(attempt);
      }
      const answer = problemOf(await asked, 502, 'REPLY_FAULT');
      expect(answer.fault).to.include({ code: 'SERVICE_FAILED' });
      expect(await bench.metric('messages_dead_lettered_total')).to.equal(before + 1);
      await expectEmpty(queue);
    },
  );

  happens(
    'Messages',
    'a message that nobody acknowledges, whose Reply-To belongs to this product or to the broker',
    'it becomes a dead letter as any other; nobody is sent a fault',
    async () => {
      const queue = uniqueName('poison');
      const before = await bench.metric('messages_dead_lettered_total');
      // What comes there is a dead letter too.
      const replyTo = queueNamed(`${bench.gateway.prefix}.dead-letters`);
      await put(queue, { replyTo, properties: { attempt: 3 } });
      const leased = await lease(queue, { 'lease-seconds': '1' });
      expect(leased.headers['attempt']).to.equal('3');
      const dead = (): Promise<number> => bench.metric('messages_dead_lettered_total');
      await until(async () => (await dead()) > before, { what: 'the dead letter' });
      await expectEmpty(queue);
      expect(await dead()).to.equal(before + 1);
    },
  );

  happens(
    'HTTP',
    'a reader that hangs up before its message has come to it',
    'the message goes to the next reader, in the same attempt',
    async () => {
      const queue = uniqueName('hang-up');
      const gone = await openRawHttp(bench.port);
      gone.write(rawRequest(`GET /queues/${queue}/messages`, ['Prefer: wait=30']));
      await until(async () => (await bench.metric('queues_read')) === 1, { what: 'the reader to wait' });
      gone.destroy();
      const { messageId } = await put(queue);
      const leased = await lease(queue, { prefer: 'wait=20' });
      expect(leased.headers).to.include({ 'message-id': messageId, attempt: '1' });
      await call(urlOf(leased), { method: 'DELETE' });
      await expectEmpty(queue);
    },
  );

  happens(
    'HTTP',
    'a reader that hangs up behind another call of its connection',
    'no message is taken for it; the next reader gets it in its first attempt',
    async () => {
      const [empty, full] = [uniqueName('empty'), uniqueName('full')];
      const { messageId } = await put(full);
      const gone = await openRawHttp(bench.port);
      gone.write(
        rawRequest(`GET /queues/${empty}/messages`, ['Prefer: wait=30']) +
          rawRequest(`GET /queues/${full}/messages`, ['Prefer: wait=30', 'Lease-Seconds: 3600']),
      );
      await until(async () => (await bench.metric('queues_read')) === 1, { what: 'the first to wait' });
      gone.destroy();
      const leased = await lease(full);
      expect(leased.headers).to.include({ 'message-id': messageId, attempt: '1' });
      await call(urlOf(leased), { method: 'DELETE' });
    },
  );

  it('lets another client of the broker have what no reader wants', async () => {
    const queue = uniqueName('let-go');
    expect((await read(queue, { prefer: 'wait=1' })).status).to.equal(204);
    await until(async () => (await bench.metric('queues_read')) === 0, { what: 'the queue to be left' });
    const received = await bench.listen(queue);
    const { messageId } = await put(queue);
    await until(() => received.length === 1, { what: 'the message' });
    expect(received[0]!.messageId).to.equal(messageId);
  });

  happens(
    'HTTP',
    'a lease that nobody knows, or that of another queue',
    '404 LEASE_NOT_FOUND; nothing is changed',
    async () => {
      const queue = uniqueName('unknown');
      const { messageId } = await put(queue);
      const leased = await lease(queue);
      const id = leased.headers['lease']!;
      for (const path of [`${messagesOf(queue)}/nobody`, `${messagesOf(uniqueName('other'))}/${id}`]) {
        problemOf(await call(path, { method: 'DELETE' }), 404, 'LEASE_NOT_FOUND');
        for (const action of ['reply', 'renew', 'release']) {
          problemOf(await post(`${path}/${action}`, ''), 404, 'LEASE_NOT_FOUND');
        }
      }
      expect((await post(`${urlOf(leased)}/release`, '')).status).to.equal(204);
      const again = await lease(queue);
      expect(again.headers['message-id']).to.equal(messageId);
      await call(urlOf(again), { method: 'DELETE' });
    },
  );

  happens(
    'HTTP',
    'a Lease-Seconds that is no whole number from 1 to 43200',
    '400 that names it; no message is taken',
    async () => {
      const queue = uniqueName('seconds');
      await put(queue);
      for (const value of ['0', '-1', '43201', '1.5', 'long']) {
        const answer = await read(queue, { 'lease-seconds': value });
        expect(faultOf(answer, 400, 'INVALID_REQUEST')).to.deep.equal({
          ...{ field: 'Lease-Seconds', value },
          allowed: 'a whole number from 1 to 43200',
        });
      }
      const leased = await lease(queue, { 'lease-seconds': '43200' });
      expect(leased.headers['attempt']).to.equal('1');
      await call(urlOf(leased), { method: 'DELETE' });
    },
  );

  happens(
    'HTTP',
    'a read of a queue of this product, of the broker, or of a name that no queue has',
    '403 or 400 that names the queue; no message is taken',
    async () => {
      for (const name of [`${bench.gateway.prefix}.replies`, 'ActiveMQ.DLQ', 'amq.topic']) {
        expect(faultOf(await read(name), 403, 'DESTINATION_NOT_ALLOWED').field).to.equal('queue');
        expect(faultOf(await post(messagesOf(name), ''), 403, 'DESTINATION_NOT_ALLOWED').field).to.equal(
          'queue',
        );
      }
      for (const name of ['a,b', 'a>', 'a*']) {
        expect(faultOf(await read(name), 400, 'INVALID_REQUEST').field).to.equal('queue');
      }
    },
  );

  happens(
    'HTTP',
    'HEAD of the messages of a queue',
    '405: it would take a message; none is taken',
    async () => {
      const queue = uniqueName('head');
      await put(queue);
      const answer = await call(messagesOf(queue), { method: 'HEAD' });
      expect([answer.status, answer.headers['allow']]).to.deep.equal([405, 'GET, OPTIONS, POST']);
      const leased = await lease(queue);
      await call(urlOf(leased), { method: 'DELETE' });
    },
  );

  describeLeaseReplies(bench, pricedQueue);
  describeReplyTokens(bench);
}
