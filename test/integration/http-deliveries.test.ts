import { expect } from 'chai';
import type { DeliveryDocument } from '#schema/delivery.js';
import { newCaller } from '../support/access.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import type { HttpAnswer } from '../support/http.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import type { HttpBench } from '../support/http-bench.js';
import { letterBench } from '../support/letters.js';
import { lockedBench } from '../support/locked-bench.js';
import { until } from '../support/until.js';

type Headers = Readonly<Record<string, string>>;

async function deliveriesOf(
  bench: HttpBench,
  id: string,
  headers: Headers = {},
): Promise<DeliveryDocument[]> {
  const answer = await call(`${bench.url}/requests/${id}/deliveries`, { headers });
  expect(answer.status, answer.text()).to.equal(200);
  expect(answer.headers).to.include({ 'cache-control': 'no-store' });
  return answer.json<{ deliveries: DeliveryDocument[] }>().deliveries;
}

function deliver(bench: HttpBench, id: string, document: object, headers: Headers = {}): Promise<HttpAnswer> {
  const { send } = letterBench(bench);
  return send('POST', `/requests/${id}/deliveries`, document, headers);
}

describe('deliveries over HTTP', () => {
  const bench = httpBench();

  async function asked(headers: Headers = {}): Promise<string> {
    const id = uniqueName('asked');
    await bench.ask(id, { prefer: 'respond-async', 'message-id': id, ...headers });
    return id;
  }

  it('shows the Reply-To of a request from the beginning to its delivery', async () => {
    const answers = uniqueName('answers');
    const id = await asked({ 'reply-to': answers });
    const [pending] = await deliveriesOf(bench, id);
    expect(pending).to.include({ to: answers, state: 'pending', reply: null, attempts: 0, lastError: null });
    await bench.serve(id, () => 'done');
    const [delivered] = await until(
      async () => {
        const found = await deliveriesOf(bench, id);
        return found[0]?.state === 'delivered' && found;
      },
      { what: 'the delivery' },
    );
    expect(delivered).to.include({ to: answers, reply: 1, attempts: 0 });
    expect(Date.parse(delivered!.endedAt!)).to.be.at.least(Date.parse(delivered!.createdAt));
  });

  it('sends a reply that is there to further queues, as often as it is asked for', async () => {
    const more = uniqueName('more');
    const received = await bench.listen(more);
    const id = await asked();
    await bench.serve(id, () => 'done');
    await bench.reaches(id, 'replied');
    for (const count of [1, 2]) {
      const added = await deliver(bench, id, { to: more });
      expect(added.status, added.text()).to.equal(202);
      expect(added.json()).to.include({ to: more, reply: 1 });
      await until(() => received.length === count, { what: `delivery ${count}` });
      await until(async () => (await deliveriesOf(bench, id)).every(({ state }) => state === 'delivered'), {
        what: 'the receipt',
      });
    }
    expect(received[0]).to.include({ correlationId: id, messageId: received[1]!.messageId });
    expect(Buffer.from(received[0]!.body).toString()).to.equal('done');
  });

  it('sends a reply that comes to queues that were added before, each once', async () => {
    const queues = [uniqueName('more'), uniqueName('more')];
    const received = await Promise.all(queues.map((queue) => bench.listen(queue)));
    const id = await asked();
    for (const to of queues) {
      const added = await deliver(bench, id, { to });
      expect(added.json()).to.include({ to, state: 'pending', reply: null });
      const again = await deliver(bench, id, { to });
      expect([again.status, again.headers['idempotent-replayed']]).to.deep.equal([202, 'true']);
    }
    await bench.serve(id, () => 'done');
    await until(() => received.every(({ length }) => length === 1), { what: 'the deliveries' });
    expect((await deliveriesOf(bench, id)).map(({ to }) => to)).to.deep.equal(queues);
  });

  it('tells a queue that was added that the request has expired', async () => {
    const more = uniqueName('more');
    const received = await bench.listen(more);
    const id = await asked({ 'request-timeout': '1' });
    await deliver(bench, id, { to: more });
    await until(() => received.length === 1, { what: 'the fault' });
    expect(received[0]!.properties.fault).to.equal(true);
    expect(JSON.parse(Buffer.from(received[0]!.body).toString())).to.include({ code: 'REQUEST_EXPIRED' });
    await bench.replyUnasked(id, 'late');
    await until(() => received.length === 2, { what: 'the late reply' });
    expect(Buffer.from(received[1]!.body).toString()).to.equal('late');
  });

  happens(
    'HTTP',
    'a further queue for the reply of a request that was cancelled, or that expects none',
    '409 `REQUEST_CANCELLED` or `NO_REPLY_ADDRESS`; a reply that is kept all the same may be sent',
    async () => {
      const cancelled = await asked();
      const before = uniqueName('before');
      await deliver(bench, cancelled, { to: before });
      await call(`${bench.url}/requests/${cancelled}`, { method: 'DELETE' });
      problemOf(await deliver(bench, cancelled, { to: 'more' }), 409, 'REQUEST_CANCELLED');
      expect(await deliveriesOf(bench, cancelled)).to.have.length(1);
      expect((await deliveriesOf(bench, cancelled))[0]).to.include({ to: before, state: 'cancelled' });
      const oneWay = await asked({ 'reply-to': 'none' });
      problemOf(await deliver(bench, oneWay, { to: 'more' }), 409, 'NO_REPLY_ADDRESS');
      const more = uniqueName('more');
      const received = await bench.listen(more);
      await bench.replyUnasked(cancelled, 'late');
      expect((await deliver(bench, cancelled, { to: more })).status).to.equal(202);
      await until(() => received.length === 1, { what: 'the late reply' });
    },
  );

  happens(
    'HTTP',
    'more than a hundred deliveries of one request',
    '409 `TOO_MANY_DELIVERIES`; those before go on',
    async () => {
      const id = await asked();
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, index) => deliver(bench, id, { to: `more.${index}` })),
      );
      expect(answers.filter(({ status }) => status !== 202)).to.deep.equal([]);
      problemOf(await deliver(bench, id, { to: 'one.more' }), 409, 'TOO_MANY_DELIVERIES');
      expect(await deliveriesOf(bench, id)).to.have.length(100);
    },
  );
});

describe('who may have a reply delivered over HTTP', () => {
  const [shop, bank] = [newCaller(), newCaller()];
  const bench = lockedBench(() => [
    { name: 'shop', token: shop.hash, queues: ['*'], replyTo: ['answers.*'] },
    { name: 'bank', token: bank.hash, queues: ['*'], replyTo: ['*'] },
  ]);

  it('is the name that posted the request, to queues that it may name in Reply-To', async () => {
    const id = uniqueName('asked');
    await bench.ask(id, { ...shop.headers, prefer: 'respond-async', 'message-id': id });
    const fault = faultOf(await deliver(bench, id, { to: 'elsewhere' }, shop.headers), 403, 'NOT_PERMITTED');
    expect(fault).to.include({ field: 'to', value: 'elsewhere' });
    expect(await deliveriesOf(bench, id, shop.headers)).to.deep.equal([]);
    problemOf(await deliver(bench, id, { to: 'answers.1' }, bank.headers), 404, 'REQUEST_NOT_FOUND');
    const foreign = await call(`${bench.url}/requests/${id}/deliveries`, { headers: bank.headers });
    problemOf(foreign, 404, 'REQUEST_NOT_FOUND');
    problemOf(await deliver(bench, id, { to: 'answers.1' }), 401, 'NOT_AUTHENTICATED');
    expect((await deliver(bench, id, { to: 'answers.1' }, shop.headers)).status).to.equal(202);
  });
});
