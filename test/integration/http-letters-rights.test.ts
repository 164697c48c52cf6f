import { expect } from 'chai';
import { newCaller } from '../support/access.js';
import type { Caller } from '../support/access.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { letterBench } from '../support/letters.js';
import { lockedBench } from '../support/locked-bench.js';
import { newMessage } from '../support/messages.js';
import { until } from '../support/until.js';

describe('who may see dead letters and unmatched replies over HTTP', () => {
  const [operator, worker, shop, reader] = [newCaller(), newCaller(), newCaller(), newCaller()];
  const bench = lockedBench(() => [
    { name: 'operator', token: operator.hash, queues: ['*'], read: ['*'], replyTo: ['*'] },
    { name: 'worker', token: worker.hash, queues: ['work.*'], read: ['work.*'] },
    { name: 'shop', token: shop.hash, queues: ['*'], replyTo: ['*'] },
    { name: 'reader', token: reader.hash, read: ['work.*'] },
  ]);
  const { failed, unmatched, list, get, send } = letterBench(bench);
  const idsFor = async ({ headers }: Caller, path = '/dead-letters'): Promise<string[]> =>
    (await list(path, headers)).map(({ id }) => id);

  happens(
    'HTTP',
    'a dead letter of a queue that the name may not read',
    '404, as if there were none, whatever is done with it; lists leave it out, changes by filter pass it by',
    async () => {
      const queue = uniqueName('other');
      const letter = await failed(queue, operator.headers);
      const { self, body } = letter.links;
      for (const { headers } of [worker, shop, reader]) {
        for (const [method, path, document] of [
          ['GET', self, undefined],
          ['GET', body, undefined],
          ['PATCH', self, { body: 'x' }],
          ['POST', `${self}/retry`, undefined],
          ['DELETE', self, undefined],
        ] as const) {
          problemOf(await send(method, path, document, headers), 404, 'LETTER_NOT_FOUND');
        }
        expect(await list('/dead-letters', headers)).to.deep.equal([]);
        expect(await list(`/dead-letters?queue=${queue}`, headers)).to.deep.equal([]);
        const retried = await send('POST', '/dead-letters/retry?all=true', undefined, headers);
        expect(retried.json()).to.deep.equal({ retried: 0, skipped: 0 });
        const dropped = await send('DELETE', '/dead-letters?all=true', undefined, headers);
        expect(dropped.json()).to.deep.equal({ dropped: 0 });
      }
      problemOf(await call(`${bench.url}${self}`), 401, 'NOT_AUTHENTICATED');
      expect(await get(self, operator.headers)).to.include({ queue, editedAt: null });
    },
  );

  it('sees those of the queues that it may read, whoever posted the request', async () => {
    const queue = uniqueName('work');
    const { id, links } = await failed(queue, operator.headers);
    for (const caller of [operator, worker, reader]) expect(await idsFor(caller)).to.include(id);
    expect(await idsFor(shop)).to.deep.equal([]);
    expect((await get(links.self, reader.headers)).queue).to.equal(queue);
  });

  it('may give back and drop what it may read, and edit only what it may send, too', async () => {
    const [first, second] = [
      await failed(uniqueName('work'), operator.headers),
      await failed(uniqueName('work'), operator.headers),
    ];
    const refused = await send('PATCH', first.links.self, { body: 'x' }, reader.headers);
    expect(faultOf(refused, 403, 'NOT_PERMITTED').field).to.equal('queue');
    expect((await send('PATCH', first.links.self, { body: 'x' }, worker.headers)).status).to.equal(200);
    expect((await send('POST', `${first.links.self}/retry`, undefined, reader.headers)).status).to.equal(202);
    expect((await send('DELETE', second.links.self, undefined, reader.headers)).status).to.equal(204);
    for (const { id } of [first, second]) expect(await idsFor(operator)).not.to.include(id);
  });

  it('sees unmatched replies when it may read every queue, and matches them with its own requests alone', async () => {
    const letter = await unmatched({}, operator.headers);
    for (const { headers } of [worker, shop, reader]) {
      expect(await list('/unmatched-replies', headers)).to.deep.equal([]);
      const matched = await send('POST', `${letter.links.self}/match`, { requestId: 'x' }, headers);
      problemOf(matched, 404, 'LETTER_NOT_FOUND');
    }
    const foreign = uniqueName('asked');
    const asking = { prefer: 'respond-async', 'message-id': foreign };
    await bench.ask(foreign, { ...shop.headers, ...asking });
    const path = `${letter.links.self}/match`;
    problemOf(await send('POST', path, { requestId: foreign }, operator.headers), 404, 'REQUEST_NOT_FOUND');
    const own = uniqueName('asked');
    await bench.ask(own, { ...operator.headers, ...asking, 'message-id': own });
    const matched = await send('POST', path, { requestId: own }, operator.headers);
    expect(matched.json()).to.include({ id: own, status: 'replied' });
  });
});

describe('dead letters of queues that may not be asked over HTTP', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_ALLOW__QUEUES: 'open.*' } }));
  const { list, send, get } = letterBench(bench);

  it('can be seen and sent again, and not be edited', async () => {
    const queue = uniqueName('closed');
    const { broker, own } = bench.gateway.broker.parts;
    await broker.channel.send(
      own.deadLetters,
      newMessage({ applicationHeaders: { 'x-original-queue': queue } }),
    );
    const [letter] = await until(
      async () => {
        const found = await list(`/dead-letters?queue=${queue}`);
        return found.length === 1 && found;
      },
      { what: 'the letter' },
    );
    const { self } = letter!.links;
    const refused = await send('PATCH', self, { body: 'x' });
    expect(faultOf(refused, 403, 'DESTINATION_NOT_ALLOWED')).to.include({ field: 'queue', value: queue });
    expect((await get(self)).editedAt).to.equal(null);
    expect((await send('POST', `${self}/retry`)).status).to.equal(202);
  });
});
