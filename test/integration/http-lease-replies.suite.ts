import { expect } from 'chai';
import { queue as queueNamed, topic as topicNamed } from '#core/destination.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import type { HttpBench } from '../support/http-bench.js';
import { faultOf, problemOf } from '../support/http-bench.js';
import { queueReader } from '../support/queue-reader.js';

/** How whoever leased a message answers it. Replies to what is sent to `pricedQueue` must name a `price`. */
export function describeLeaseReplies(bench: HttpBench, pricedQueue: string): void {
  const { put, lease, urlOf, expectEmpty } = queueReader(bench);

  describe('POST /queues/{queue}/messages/{lease}/reply', () => {
    it('serves a request from end to end: asked, read, and answered over HTTP alone', async () => {
      const queue = uniqueName('serve');
      const asked = bench.ask(queue, { prefer: 'wait=20', 'message-id': queue }, '{"a":1}');
      const leased = await lease(queue);
      expect(leased.headers['message-id']).to.equal(queue);
      expect(leased.headers['reply-to']).to.equal(`${bench.gateway.prefix}.replies`);
      expect(leased.text()).to.equal('{"a":1}');
      const replied = await post(`${urlOf(leased)}/reply`, 'done', {
        'content-type': 'text/plain',
        'x-served-by': 'curl',
      });
      expect([replied.status, replied.text()]).to.deep.equal([202, '']);
      const answer = await asked;
      expect([answer.status, answer.text(), answer.headers['x-served-by']]).to.deep.equal([
        200,
        'done',
        'curl',
      ]);
      expect(answer.headers['message-id']).to.equal(replied.headers['message-id']);
      expect(await bench.status(queue)).to.include({ status: 'replied', verified: true });
      await expectEmpty(queue);
    });

    it('answers with a fault', async () => {
      const queue = uniqueName('fault');
      const asked = bench.ask(queue, { prefer: 'wait=20' });
      const leased = await lease(queue);
      const fault = JSON.stringify({ code: 'NO_STOCK', message: 'nothing left', status: 422 });
      const replied = await post(`${urlOf(leased)}/reply`, fault, { fault: 'true' });
      expect(replied.status).to.equal(202);
      problemOf(await asked, 422, 'REPLY_FAULT');
    });

    happens(
      'HTTP',
      'the same reply to a lease, several times at once',
      'the same answer to each; it is sent once',
      async () => {
        const queue = uniqueName('at-once');
        const asked = bench.ask(queue, { prefer: 'wait=20' });
        const leased = await lease(queue);
        // Its id is that of the request: a service that copies all headers.
        const headers = { 'message-id': leased.headers['message-id']! };
        const replies = await Promise.all(
          Array.from({ length: 5 }, () => post(`${urlOf(leased)}/reply`, 'done', headers)),
        );
        expect(replies.map(({ status }) => status)).to.deep.equal(Array(5).fill(202));
        const answer = await asked;
        expect(answer.text()).to.equal('done');
        expect(answer.headers['message-id']).to.not.equal(leased.headers['message-id']);
        expect((await bench.status(leased.headers['message-id']!)).replies).to.equal(1);
      },
    );

    happens(
      'HTTP',
      'a lease that is acknowledged, answered or released again',
      'the same answer as the first time; nothing is sent twice',
      async () => {
        const queue = uniqueName('again');
        const asked = bench.ask(queue, { prefer: 'wait=20' });
        const leased = await lease(queue);
        for (const replayed of [undefined, 'true']) {
          const replied = await post(`${urlOf(leased)}/reply`, 'done');
          expect([replied.status, replied.headers['idempotent-replayed']]).to.deep.equal([202, replayed]);
        }
        expect((await call(urlOf(leased), { method: 'DELETE' })).status).to.equal(204);
        problemOf(await post(`${urlOf(leased)}/reply`, 'something else'), 410, 'LEASE_ENDED');
        problemOf(await post(`${urlOf(leased)}/release`, ''), 410, 'LEASE_ENDED');
        problemOf(await post(`${urlOf(leased)}/renew`, ''), 410, 'LEASE_ENDED');
        expect((await asked).text()).to.equal('done');
        const { replies } = await bench.status((await asked).headers['correl-id']!);
        expect(replies).to.equal(1);
      },
    );

    happens(
      'HTTP',
      'a reply to a leased message that names no Reply-To',
      '409 NO_REPLY_ADDRESS; the message stays leased',
      async () => {
        const queue = uniqueName('no-address');
        await put(queue);
        const leased = await lease(queue);
        problemOf(await post(`${urlOf(leased)}/reply`, 'done'), 409, 'NO_REPLY_ADDRESS');
        expect((await call(urlOf(leased), { method: 'DELETE' })).status).to.equal(204);
      },
    );

    happens(
      'HTTP',
      'a reply marked as a fault whose body is none',
      '400 that names what is missing; the message stays leased',
      async () => {
        const queue = uniqueName('no-fault');
        const asked = bench.ask(queue, { prefer: 'wait=20' });
        const leased = await lease(queue);
        const wrong = await post(`${urlOf(leased)}/reply`, '{"code":"X"}', { fault: 'true' });
        expect(faultOf(wrong, 400, 'INVALID_REQUEST').field).to.contain('message');
        const unclear = await post(`${urlOf(leased)}/reply`, '{}', { fault: 'perhaps' });
        expect(faultOf(unclear, 400, 'INVALID_REQUEST')).to.include({
          field: 'Fault',
          allowed: 'true or false',
        });
        expect((await post(`${urlOf(leased)}/reply`, 'good')).status).to.equal(202);
        expect((await asked).text()).to.equal('good');
      },
    );

    happens(
      'HTTP',
      'a reply to a leased message that breaks the reply schema of its route',
      '422 SCHEMA_MISMATCH that says how; the message stays leased, and the next reply counts',
      async () => {
        const asked = post(`${bench.url}/priced`, '{}', { prefer: 'wait=20' });
        const leased = await lease(pricedQueue);
        const wrong = await post(`${urlOf(leased)}/reply`, '{"prize":1}');
        expect(problemOf(wrong, 422, 'SCHEMA_MISMATCH').detail).to.contain('price');
        expect((await post(`${urlOf(leased)}/renew`, '')).status).to.equal(204);
        const right = await post(`${urlOf(leased)}/reply`, '{"price":1}');
        expect(right.status, right.text()).to.equal(202);
        expect((await asked).text()).to.equal('{"price":1}');
        // A fault is no such reply.
        const failing = post(`${bench.url}/priced`, '{}', { prefer: 'wait=20' });
        const fault = JSON.stringify({ code: 'NO_PRICE', message: 'nobody knows', status: 404 });
        await post(`${urlOf(await lease(pricedQueue))}/reply`, fault, { fault: 'true' });
        problemOf(await failing, 404, 'REPLY_FAULT');
      },
    );

    happens(
      'HTTP',
      'a reply to a leased message whose Reply-To is a queue or topic of this product or of the broker, or not one plain name',
      '409 NO_REPLY_ADDRESS that says why; nothing is sent, and the message stays leased until it is acknowledged',
      async () => {
        const queue = uniqueName('no-such-address');
        const before = await bench.metric('leases_replied_total');
        const { prefix } = bench.gateway;
        for (const replyTo of [
          queueNamed(`${prefix}.dead-letters`),
          topicNamed(`${prefix}.control`),
          queueNamed('activemq.management'),
          queueNamed('a,b>'),
        ]) {
          await put(queue, { replyTo });
          const leased = await lease(queue);
          const { detail } = problemOf(await post(`${urlOf(leased)}/reply`, 'done'), 409, 'NO_REPLY_ADDRESS');
          expect(detail).to.contain(replyTo.name);
          expect((await call(urlOf(leased), { method: 'DELETE' })).status).to.equal(204);
        }
        await expectEmpty(queue);
        expect(await bench.metric('leases_replied_total')).to.equal(before);
      },
    );

    it('answers the sender of another prefix, on its own reply queue', async () => {
      const queue = uniqueName('other-prefix');
      const replyTo = queueNamed(`${uniqueName('other')}.replies`);
      const { messageId } = await put(queue, { replyTo });
      const answered = await post(`${urlOf(await lease(queue))}/reply`, 'done');
      expect(answered.status, answered.text()).to.equal(202);
      const reply = await lease(replyTo.name);
      expect([reply.headers['correl-id'], reply.text()]).to.deep.equal([messageId, 'done']);
      await call(urlOf(reply), { method: 'DELETE' });
    });
  });
}
