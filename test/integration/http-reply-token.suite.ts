import { expect } from 'chai';
import type { Message } from '#core/message.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import type { HttpBench } from '../support/http-bench.js';
import { faultOf, problemOf } from '../support/http-bench.js';
import { queueReader } from '../support/queue-reader.js';
import { until } from '../support/until.js';

/** A service that got its request from the broker, and answers over HTTP. */
export function describeReplyTokens(bench: HttpBench): void {
  const { lease, urlOf } = queueReader(bench);

  describe('POST /requests/{id}/reply', () => {
    /** A request that a service of the broker has got. */
    async function received(headers: Record<string, string> = {}): Promise<Message> {
      const queue = uniqueName('token');
      const messages = await bench.listen(queue);
      await bench.ask(queue, { prefer: 'respond-async', ...headers });
      return until(() => messages[0], { what: 'the request' });
    }

    const answerOver = (id: string, body: string, headers: Record<string, string>): Promise<HttpAnswer> =>
      post(`${bench.url}/requests/${id}/reply`, body, headers);

    it('answers a request with the token that came with it, days later from anywhere', async () => {
      const { messageId, properties } = await received();
      const token = { 'reply-token': properties.replyToken! };
      const answer = await answerOver(messageId, 'done', { ...token, 'content-type': 'text/plain' });
      expect([answer.status, answer.json<{ status: string }>().status]).to.deep.equal([200, 'replied']);
      const reply = await call(`${bench.url}/requests/${messageId}/reply`);
      expect([reply.status, reply.text()]).to.deep.equal([200, 'done']);
      const again = await answerOver(messageId, 'done', { ...token, 'content-type': 'text/plain' });
      expect([again.status, again.headers['idempotent-replayed']]).to.deep.equal([200, 'true']);
      const other = await answerOver(messageId, 'other', token);
      expect(other.status).to.equal(200);
      expect(await bench.status(messageId)).to.include({ replies: 2 });
      expect((await call(`${bench.url}/requests/${messageId}/reply`)).text()).to.equal('done');
    });

    it('keeps each of two replies of a service that sends the id of the request with both', async () => {
      const { messageId, properties } = await received();
      const headers = { 'reply-token': properties.replyToken!, 'message-id': messageId };
      for (const body of ['one', 'two']) {
        const answer = await answerOver(messageId, body, headers);
        expect([answer.status, answer.headers['idempotent-replayed']]).to.deep.equal([200, undefined]);
      }
      expect(await bench.status(messageId)).to.include({ replies: 2 });
    });

    it('sends the reply on to the Reply-To queue of the caller', async () => {
      const answers = uniqueName('answers');
      const { messageId, properties } = await received({ 'reply-to': answers });
      await answerOver(messageId, 'done', { 'reply-token': properties.replyToken! });
      const leased = await lease(answers);
      expect([leased.headers['correl-id'], leased.text()]).to.deep.equal([messageId, 'done']);
      await call(urlOf(leased), { method: 'DELETE' });
    });

    happens(
      'HTTP',
      'more than a hundred different replies with one Reply-Token',
      '409 TOO_MANY_REPLIES from the next one on; it is not stored, and the first stays the answer',
      async () => {
        const { messageId, properties } = await received();
        const token = { 'reply-token': properties.replyToken! };
        for (let number = 1; number <= 100; number += 1) {
          expect((await answerOver(messageId, `reply ${number}`, token)).status).to.equal(200);
        }
        const further = await answerOver(messageId, 'reply 101', token);
        expect(problemOf(further, 409, 'TOO_MANY_REPLIES').detail).to.contain('100 replies are kept');
        const repeated = await answerOver(messageId, 'reply 100', token);
        expect([repeated.status, repeated.headers['idempotent-replayed']]).to.deep.equal([200, 'true']);
        expect(await bench.status(messageId)).to.include({ replies: 100 });
        expect((await call(`${bench.url}/requests/${messageId}/reply`)).text()).to.equal('reply 1');
      },
    );

    happens(
      'HTTP',
      'a reply without the Reply-Token of its request, or with that of another',
      '403 REPLY_TOKEN_WRONG whether the request is known or not; nothing is stored',
      async () => {
        const first = await received();
        const second = await received();
        const wrong = ['', 'x', second.properties.replyToken!];
        for (const token of wrong) {
          problemOf(
            await answerOver(first.messageId, 'no', { 'reply-token': token }),
            403,
            'REPLY_TOKEN_WRONG',
          );
        }
        for (const id of [first.messageId, 'nobody']) {
          const missing = faultOf(await answerOver(id, 'no', {}), 403, 'REPLY_TOKEN_WRONG');
          expect(missing).to.deep.equal({
            field: 'Reply-Token',
            allowed: 'the one that came with the request; this call has none',
          });
        }
        problemOf(await answerOver('nobody', 'no', { 'reply-token': 'x' }), 403, 'REPLY_TOKEN_WRONG');
        expect(await bench.status(first.messageId)).to.include({ replies: 0 });
      },
    );
  });
}
