import { expect } from 'chai';
import type { DeliveryDocument } from '#schema/delivery.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { letterBench } from '../support/letters.js';
import { newMessage } from '../support/messages.js';
import { until } from '../support/until.js';

describe('dead letters over HTTP', () => {
  const bench = httpBench();
  const { failed, list, get, send } = letterBench(bench);

  it('shows what failed, with all that is known of it', async () => {
    const queue = uniqueName('failing');
    const letter = await failed(
      queue,
      { 'x-colour': 'red', 'content-type': 'text/plain', 'message-id': queue },
      'hello',
    );
    expect(letter).to.deep.include({
      ...{ kind: 'dead-letter', queue, reason: 'no database', messageId: queue, correlationId: null },
      ...{
        bytes: 5,
        isWhole: true,
        editedAt: null,
        contentType: 'text/plain',
        body: 'hello',
        isFault: false,
      },
      ...{ replyTo: `${bench.gateway.prefix}.replies`, headers: { 'x-colour': 'red' } },
      links: { self: `/dead-letters/${letter.id}`, body: `/dead-letters/${letter.id}/body` },
    });
    expect(letter.receivedHeaders).to.include({ 'x-reason': 'no database', 'x-original-queue': queue });
    expect(Date.now() - Date.parse(letter.receivedAt)).to.be.within(-60_000, 60_000);
    const [summary] = await list(`/dead-letters?queue=${queue}`);
    const alone = ['replyTo', 'contentType', 'headers', 'isFault', 'receivedHeaders', 'body'];
    const short = Object.fromEntries(Object.entries(letter).filter(([name]) => !alone.includes(name)));
    expect(summary).to.deep.equal(short);
    const body = await call(`${bench.url}${letter.links.body}`);
    expect([body.status, body.text(), body.headers['content-type']]).to.deep.equal([
      200,
      'hello',
      'text/plain',
    ]);
  });

  it('answers 304 to who knows the letter as it is', async () => {
    const { links } = await failed(uniqueName('failing'));
    const answer = await call(`${bench.url}${links.self}`);
    expect(answer.headers).to.include({ etag: '"v1"', 'cache-control': 'no-cache' });
    for (const path of [links.self, links.body]) {
      const again = await call(`${bench.url}${path}`, { headers: { 'if-none-match': '"v1"' } });
      expect([again.status, again.text()]).to.deep.equal([304, '']);
    }
  });

  it('shows bytes as base64, and a body beyond 1 MiB by itself alone', async () => {
    const { broker, own } = bench.gateway.broker.parts;
    const queue = uniqueName('bytes');
    const bodies = [Buffer.of(0, 255), Buffer.alloc(1024 * 1024 + 1, 'x')];
    for (const body of bodies) {
      const applicationHeaders = { 'x-original-queue': queue };
      await broker.channel.send(own.invalid, newMessage({ body, contentType: null, applicationHeaders }));
    }
    const summaries = await until(
      async () => {
        const found = await list(`/dead-letters?queue=${queue}&kind=invalid`);
        return found.length === 2 && found;
      },
      { what: 'both letters' },
    );
    const letters = await Promise.all(summaries.map(({ links }) => get(links.self)));
    expect(letters.find(({ bytes }) => bytes === 2)).to.include({ bodyBase64: 'AP8=', kind: 'invalid' });
    const large = letters.find(({ bytes }) => bytes > 2)!;
    expect(large).to.not.have.any.keys('body', 'bodyBase64');
    const body = await call(`${bench.url}${large.links.body}`);
    expect(body.body.equals(bodies[1]!)).to.equal(true);
  });

  it('lists by kind, queue and age, page by page', async () => {
    const queue = uniqueName('listed');
    const letters = [];
    for (let turn = 0; turn < 3; turn += 1) letters.push(await failed(queue));
    const ids = letters.map(({ id }) => id).reverse();
    const idsOf = async (query: string): Promise<string[]> =>
      (await list(`/dead-letters?queue=${queue}${query}`)).map(({ id }) => id);
    expect(await idsOf('')).to.deep.equal(ids);
    expect(await idsOf('&kind=dead-letter')).to.deep.equal(ids);
    expect(await idsOf('&kind=invalid')).to.deep.equal([]);
    expect(await idsOf('&olderThan=1h')).to.deep.equal([]);
    expect(await idsOf('&olderThan=0s')).to.deep.equal(ids);
    const first = await call(`${bench.url}/dead-letters?queue=${queue}&limit=2`);
    const next = /^<([^>]+)>; rel="next"$/u.exec(first.headers['link'] ?? '')![1]!;
    expect((await list(next)).map(({ id }) => id)).to.deep.equal(ids.slice(2));
    expect((await call(`${bench.url}${next}`)).headers).not.to.have.property('link');
  });

  it('edits what is to be sent, sends it, and the reply of the service reaches the request', async () => {
    const queue = uniqueName('edited');
    const letter = await failed(
      queue,
      { 'content-type': 'application/json', 'x-a': '1', 'x-b': '2' },
      '{"sku":0}',
    );
    const edited = await send('PATCH', letter.links.self, {
      body: '{"sku":7}',
      headers: { 'X-A': null, 'x-c': '3' },
    });
    expect(edited.status, edited.text()).to.equal(200);
    expect(edited.headers['etag']).to.equal('"v2"');
    expect(edited.json()).to.deep.include({
      body: '{"sku":7}',
      bytes: 9,
      headers: { 'x-b': '2', 'x-c': '3' },
    });
    expect(edited.json()['editedAt']).to.be.a('string');
    const served: unknown[] = [];
    await bench.serve(queue, (request, { attempt }) => {
      served.push([request.json(), attempt, request.applicationHeaders]);
      return { price: 12 };
    });
    const retried = await send('POST', `${letter.links.self}/retry`);
    expect(retried.status, retried.text()).to.equal(202);
    expect(retried.json()).to.deep.equal({ queue, messageId: letter.messageId });
    expect(retried.headers['message-id']).to.equal(letter.messageId);
    problemOf(await call(`${bench.url}${letter.links.self}`), 404, 'LETTER_NOT_FOUND');
    const status = await until(
      async () => {
        const document = await bench.status(letter.messageId!);
        return document.replies === 2 && document;
      },
      { what: 'the reply' },
    );
    // The first answer stays: a caller has seen it.
    expect(status.status).to.equal('faulted');
    const reply = await call(`${bench.url}/requests/${letter.messageId!}/reply?n=2`);
    expect(reply.json()).to.deep.equal({ price: 12 });
    expect(served).to.deep.equal([[{ sku: 7 }, 1, { 'x-b': '2', 'x-c': '3' }]]);
    expect(await bench.metric('letters_retried_total')).to.be.at.least(1);
  });

  it('sends the reply of a request that was answered late to whoever still wants it', async () => {
    const queue = uniqueName('answered');
    const wanted = uniqueName('wanted');
    const letter = await failed(queue);
    const received = await bench.listen(wanted);
    await bench.serve(queue, () => 'at last');
    await send('POST', `${letter.links.self}/retry`);
    const path = `/requests/${letter.messageId!}/deliveries`;
    await until(async () => (await send('POST', path, { to: wanted, n: 2 })).status === 202, {
      what: 'the second reply',
    });
    await until(() => received.length === 1, { what: 'the delivery' });
    expect(Buffer.from(received[0]!.body).toString()).to.equal('at last');
    const { deliveries } = (await call(`${bench.url}${path}`)).json<{ deliveries: DeliveryDocument[] }>();
    expect(deliveries.map(({ to, reply }) => [to, reply])).to.deep.equal([[wanted, 2]]);
  });

  it('comes back as a new letter when it fails again', async () => {
    const queue = uniqueName('again');
    const letter = await failed(queue);
    const { broker } = bench.gateway;
    const { createReplier } = await import('#app/library/create-replier.js');
    const handler = (): never => {
      throw new Error('still no database');
    };
    const service = createReplier({ broker, queue, retry: { attempts: 1 }, handler });
    await service.start();
    await send('POST', `${letter.links.self}/retry`);
    const [again] = await until(
      async () => {
        const found = await list(`/dead-letters?queue=${queue}`);
        return found.length === 1 && found;
      },
      { what: 'the new letter' },
    );
    await service.stop(2_000);
    expect(again).to.include({ messageId: letter.messageId, reason: 'still no database' });
    expect(Number(again!.id)).to.be.greaterThan(Number(letter.id));
  });

  it('drops one for good', async () => {
    const letter = await failed(uniqueName('dropped'));
    expect((await send('DELETE', letter.links.self)).status).to.equal(204);
    problemOf(await send('DELETE', letter.links.self), 404, 'LETTER_NOT_FOUND');
    problemOf(await send('POST', `${letter.links.self}/retry`), 404, 'LETTER_NOT_FOUND');
  });

  it('sends again and drops by filter what is meant, and answers how many', async () => {
    const [queue, other] = [uniqueName('many'), uniqueName('others')];
    for (let turn = 0; turn < 3; turn += 1) await failed(queue);
    await failed(other);
    const received = await bench.listen(queue);
    const retried = await send('POST', `/dead-letters/retry?queue=${queue}`);
    expect([retried.status, retried.json()]).to.deep.equal([200, { retried: 3, skipped: 0 }]);
    expect(retried.headers).not.to.have.property('link');
    await until(() => received.length === 3, { what: 'the messages' });
    expect(await list(`/dead-letters?queue=${queue}`)).to.deep.equal([]);
    const young = await send('DELETE', `/dead-letters?queue=${other}&olderThan=1h`);
    expect(young.json()).to.deep.equal({ dropped: 0 });
    expect((await send('DELETE', `/dead-letters?queue=${other}`)).json()).to.deep.equal({ dropped: 1 });
    expect((await send('DELETE', '/dead-letters?all=true')).json()).to.have.property('dropped');
    expect(await list('/dead-letters')).to.deep.equal([]);
  });

  happens(
    'HTTP',
    'two who send the same dead letter again at the same time',
    'one of them does, the other gets 404 or 412; the message goes once',
    async () => {
      const queue = uniqueName('twice');
      const { links } = await failed(queue);
      const received = await bench.listen(queue);
      const answers = await Promise.all(Array.from({ length: 6 }, () => send('POST', `${links.self}/retry`)));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 202)).to.have.length(1);
      expect(statuses.filter((status) => status === 404 || status === 412)).to.have.length(5);
      await bench.ask(queue, { prefer: 'respond-async', 'message-id': `${queue}-last` });
      await until(() => received.some(({ messageId }) => messageId === `${queue}-last`), {
        what: 'the last',
      });
      expect(received).to.have.length(2);
    },
  );

  happens(
    'HTTP',
    'a dead letter that somebody else has edited since it was looked at',
    '412 `LETTER_CHANGED` for who names the version by `If-Match`; nothing is edited, sent or dropped',
    async () => {
      const { links } = await failed(uniqueName('changed'));
      const known = { 'if-match': '"v1"' };
      expect((await send('PATCH', links.self, { body: 'theirs' }, known)).status).to.equal(200);
      for (const [method, path, document] of [
        ['PATCH', links.self, { body: 'mine' }],
        ['POST', `${links.self}/retry`, undefined],
        ['DELETE', links.self, undefined],
      ] as const) {
        problemOf(await send(method, path, document, known), 412, 'LETTER_CHANGED');
      }
      expect(await get(links.self)).to.include({ body: 'theirs' });
      expect((await send('DELETE', links.self, undefined, { 'if-match': '"v2"' })).status).to.equal(204);
    },
  );

  happens(
    'HTTP',
    'a dead letter of a stranger who put it straight on the queue of dead letters, or named a queue of the product',
    'it can be looked at and dropped; sending it again gets 409 `LETTER_INCOMPLETE`, by filter it is skipped',
    async () => {
      const { broker, own } = bench.gateway.broker.parts;
      await send('DELETE', '/dead-letters?all=true');
      for (const applicationHeaders of [{}, { 'x-original-queue': own.replies.name }]) {
        await broker.channel.send(own.deadLetters, newMessage({ applicationHeaders }));
      }
      const letters = await until(
        async () => {
          const found = await list('/dead-letters');
          return found.length === 2 && found;
        },
        { what: 'both letters' },
      );
      for (const { links, isWhole } of letters) {
        expect(isWhole).to.equal(false);
        problemOf(await send('POST', `${links.self}/retry`), 409, 'LETTER_INCOMPLETE');
        problemOf(await send('PATCH', links.self, { body: 'x' }), 409, 'LETTER_INCOMPLETE');
      }
      const all = await send('POST', '/dead-letters/retry?all=true');
      expect(all.json()).to.deep.equal({ retried: 0, skipped: 2 });
      expect((await send('DELETE', '/dead-letters?all=true')).json()).to.deep.equal({ dropped: 2 });
    },
  );

  happens(
    'HTTP',
    'a change of many letters without a filter',
    '400 that names the filters, and `?all=true` for who means every letter; nothing is sent or dropped',
    async () => {
      const { links } = await failed(uniqueName('kept'));
      for (const [method, path] of [
        ['POST', '/dead-letters/retry'],
        ['DELETE', '/dead-letters'],
        ['DELETE', '/unmatched-replies'],
      ] as const) {
        const fault = faultOf(await send(method, path), 400, 'INVALID_REQUEST');
        expect(fault.field).to.equal('query');
        expect(fault.allowed).to.include('?olderThan').and.to.include('?all=true');
      }
      await get(links.self);
    },
  );
});
