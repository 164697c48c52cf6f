import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import { letterBench } from '../support/letters.js';
import { until } from '../support/until.js';

describe('unmatched replies over HTTP', () => {
  const bench = httpBench();
  const { unmatched, list, send } = letterBench(bench);

  async function asked(headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const id = uniqueName('asked');
    await bench.ask(id, { prefer: 'respond-async', 'message-id': id, ...headers });
    await bench.reaches(id, 'sent');
    return id;
  }
  const bodyOf = (text: string): { body: Buffer; contentType: string } => ({
    ...{ body: Buffer.from(text), contentType: 'text/plain' },
  });

  it('shows a reply that named no request that is known', async () => {
    const letter = await unmatched({
      ...bodyOf('12'),
      correlationId: 'nobody',
      applicationHeaders: { 'x-a': '1' },
    });
    expect(letter).to.deep.include({
      ...{
        kind: 'unmatched-reply',
        queue: null,
        correlationId: 'nobody',
        body: '12',
        contentType: 'text/plain',
      },
      ...{ isWhole: true, isFault: false, headers: { 'x-a': '1' }, replyTo: null },
      reason: 'no request with the id nobody is kept here',
    });
    const [summary] = await list('/unmatched-replies?limit=1');
    expect(summary).to.include({ id: letter.id, correlationId: 'nobody', messageId: letter.messageId });
    expect(await list('/dead-letters')).to.deep.equal([]);
    problemOf(await call(`${bench.url}/dead-letters/${letter.id}`), 404, 'LETTER_NOT_FOUND');
    problemOf(await send('POST', `/dead-letters/${letter.id}/retry`), 404, 'LETTER_NOT_FOUND');
  });

  it('wakes the caller who waits for the request that somebody names, and follows it to its Reply-To', async () => {
    const answers = uniqueName('answers');
    const received = await bench.listen(answers);
    const id = await asked({ 'reply-to': answers });
    const waiting = call(`${bench.url}/requests/${id}/reply`, { headers: { prefer: 'wait=30' } });
    const watching = call(`${bench.url}/requests/${id}/events`);
    await until(async () => (await bench.metric('waits')) >= 1, { what: 'the caller to wait' });
    const { links, messageId } = await unmatched(bodyOf('twelve'));
    const matched = await send('POST', `${links.self}/match`, { requestId: id });
    expect(matched.status, matched.text()).to.equal(200);
    expect(matched.json()).to.include({ id, status: 'replied', replies: 1 });
    expect(matched.headers['message-id']).to.equal(id);
    const reply = await waiting;
    expect([reply.status, reply.text(), reply.headers['message-id']]).to.deep.equal([
      200,
      'twelve',
      messageId,
    ]);
    expect((await watching).text()).to.include('"replied"');
    await until(() => received.length === 1, { what: 'the forwarded reply' });
    expect(received[0]).to.include({ messageId, correlationId: id });
    problemOf(await call(`${bench.url}${links.self}`), 404, 'LETTER_NOT_FOUND');
    problemOf(await send('POST', `${links.self}/match`, { requestId: id }), 404, 'LETTER_NOT_FOUND');
    expect(await bench.metric('replies_matched_total')).to.equal(1);
  });

  it('keeps a reply as late or as a duplicate of a request that has ended', async () => {
    const cancelled = await asked();
    await send('DELETE', `/requests/${cancelled}`);
    const late = await unmatched(bodyOf('late'));
    const matched = await send('POST', `${late.links.self}/match`, { requestId: cancelled });
    expect(matched.json()).to.include({ status: 'cancelled', late: true, replies: 1 });
    const more = await unmatched(bodyOf('more'));
    const further = await send('POST', `${more.links.self}/match`, { requestId: cancelled });
    expect(further.json()).to.include({ status: 'cancelled', replies: 2 });
    const second = await call(`${bench.url}/requests/${cancelled}/reply?n=2`);
    expect(second.text()).to.equal('more');
  });

  it('removes a reply that the request has already, and says so', async () => {
    const id = await asked();
    const first = await unmatched({ ...bodyOf('once'), messageId: `${id}-reply` });
    await send('POST', `${first.links.self}/match`, { requestId: id });
    const again = await unmatched({ ...bodyOf('once'), messageId: `${id}-reply` });
    const matched = await send('POST', `${again.links.self}/match`, { requestId: id });
    expect([matched.status, matched.headers['idempotent-replayed']]).to.deep.equal([200, 'true']);
    expect(matched.json()).to.include({ replies: 1 });
    expect((await list('/unmatched-replies')).map((letter) => letter.id)).not.to.include(again.id);
  });

  it('ends a request as faulted by a fault', async () => {
    const id = await asked();
    const fault = Buffer.from('{"code":"NO_STOCK","message":"nothing left"}');
    const letter = await unmatched({ body: fault, properties: { fault: true } });
    expect(letter.isFault).to.equal(true);
    const matched = await send('POST', `${letter.links.self}/match`, { requestId: id });
    expect(matched.json()).to.deep.include({
      status: 'faulted',
      fault: { code: 'NO_STOCK', message: 'nothing left' },
    });
  });

  it('drops one, and all of an age', async () => {
    const { links } = await unmatched();
    expect((await send('DELETE', links.self)).status).to.equal(204);
    problemOf(await send('DELETE', links.self), 404, 'LETTER_NOT_FOUND');
    await unmatched();
    const young = await send('DELETE', '/unmatched-replies?olderThan=1h');
    expect(young.json()).to.deep.equal({ dropped: 0 });
    const all = await send('DELETE', '/unmatched-replies?all=true');
    expect(all.json()).to.deep.equal({ dropped: all.json<{ dropped: number }>().dropped });
    expect(await list('/unmatched-replies')).to.deep.equal([]);
  });

  happens(
    'HTTP',
    'an unmatched reply that two name requests for at the same time',
    'one request gets it; the other is as it was, and its caller is told 404, 412 or 503',
    async () => {
      const ids = [await asked(), await asked()];
      const { links } = await unmatched();
      const answers = await Promise.all(
        ids.map((requestId) => send('POST', `${links.self}/match`, { requestId })),
      );
      const statuses = answers.map(({ status }) => status).sort();
      expect(statuses[0]).to.equal(200);
      expect(statuses[1]).to.be.oneOf([404, 412, 503]);
      const documents = await Promise.all(ids.map((id) => bench.status(id)));
      expect(documents.map(({ status }) => status)).to.have.members(['replied', 'sent']);
    },
  );

  it('looks at nothing that is not there', async () => {
    problemOf(await call(`${bench.url}/unmatched-replies/999999`), 404, 'LETTER_NOT_FOUND');
  });
});
