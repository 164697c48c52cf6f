import { expect } from 'chai';
import { createReplier } from '#app/library/create-replier.js';
import type { RequestTraceDocument, RequestWhyDocument } from '#schema/request-life.js';
import { newCaller } from '../support/access.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import type { HttpAnswer } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import type { HttpBench } from '../support/http-bench.js';
import { letterBench } from '../support/letters.js';
import { lockedBench } from '../support/locked-bench.js';
import { until } from '../support/until.js';

type Headers = Readonly<Record<string, string>>;
const whats = ['trace', 'why'] as const;

function look(bench: HttpBench, id: string, what: string, headers: Headers = {}): Promise<HttpAnswer> {
  return call(`${bench.url}/requests/${id}/${what}`, { headers });
}

async function asked(bench: HttpBench, queue: string, headers: Headers = {}): Promise<string> {
  const id = uniqueName('asked');
  const all = { prefer: 'respond-async', 'message-id': id, ...headers };
  expect((await post(`${bench.url}/requests/${queue}`, '{}', all)).status).to.equal(202);
  return id;
}

describe('finding out about a request over HTTP', () => {
  const bench = httpBench();
  const whyOf = async (id: string): Promise<RequestWhyDocument> => (await look(bench, id, 'why')).json();
  const traceOf = async (id: string): Promise<RequestTraceDocument> =>
    (await look(bench, id, 'trace')).json();

  it('says what a request waits for, how its queue stands, and what happened to it in the end', async () => {
    const [queue, answers] = [uniqueName('work'), uniqueName('answers')];
    const id = await asked(bench, queue, { 'reply-to': answers });
    const waiting = await until(
      async () => {
        const why = await whyOf(id);
        return why.status === 'sent' && why;
      },
      { what: 'it was sent' },
    );
    expect(waiting).to.include({ waitsFor: 'service' });
    expect(waiting.queue).to.deep.equal({
      ...{ name: queue, depth: 1, isAtLeast: false, inFlight: 0, consumers: 0, message: null, unknown: null },
    });
    expect(waiting.findings.map(({ code }) => code)).to.include.members(['no-consumers', 'forward-awaits']);
    await bench.serve(queue, () => 'done');
    await until(async () => (await whyOf(id)).waitsFor === 'nothing', { what: 'its end' });
    const { entries, acceptedAt, leftOut } = await traceOf(id);
    expect(entries.map(({ what }) => what)).to.deep.equal([
      ...['accepted', 'sent', 'replied', 'forward-queued', 'forwarded'],
    ]);
    expect(leftOut).to.equal(0);
    const instances = new Set(entries.map(({ instance }) => instance));
    expect([...instances].filter((one) => one !== null)).to.have.length(1);
    for (const { at, afterMs } of entries) {
      expect(Date.parse(at) - Date.parse(acceptedAt)).to.equal(afterMs);
    }
    for (const what of whats) {
      expect((await look(bench, id, what)).headers).to.include({ 'cache-control': 'no-store' });
    }
  });

  it('shows what a service told of its work, and that its message became a dead letter', async () => {
    const queue = uniqueName('work');
    const letter = await letterBench(bench).failed(queue);
    const { entries } = await traceOf(letter.messageId!);
    expect(entries.map(({ what }) => what)).to.have.members(['accepted', 'sent', 'faulted', 'dead-letter']);
    const entry = entries.find(({ what }) => what === 'dead-letter');
    expect(entry!.detail).to.deep.equal({ letter: Number(letter.id), queue });
    await letterBench(bench).send('DELETE', letter.links.self);
    const after = (await traceOf(letter.messageId!)).entries.at(-1);
    expect(after).to.include({ what: 'letter-dropped' });
    expect(after!.detail['keptAt']).to.equal(letter.receivedAt);
  });

  it('says why nothing was sent', async () => {
    const id = await asked(bench, uniqueName('work'));
    expect(['service', 'receipt', 'turn']).to.include((await whyOf(id)).waitsFor);
    for (const what of whats) {
      problemOf(await look(bench, 'nobody', what), 404, 'REQUEST_NOT_FOUND');
      expect(faultOf(await look(bench, id, `${what}?wait=1`), 400, 'INVALID_REQUEST').field).to.equal(
        '?wait',
      );
    }
  });
});

describe('who may find out about a request', () => {
  const [owner, other] = [newCaller(), newCaller()];
  const bench = lockedBench(() => [
    { name: 'owner', token: owner.hash, queues: ['*'] },
    { name: 'other', token: other.hash, queues: ['*'], read: ['*'] },
  ]);

  happens(
    'HTTP',
    'somebody asks for the trace of a request of another name, or what it waits for',
    '404, as if there were no such request; its poster is told, without letters of queues that it may not read',
    async () => {
      const queue = uniqueName('work');
      const id = await asked(bench, queue, owner.headers);
      for (const what of whats) {
        problemOf(await look(bench, id, what, other.headers), 404, 'REQUEST_NOT_FOUND');
        problemOf(await look(bench, id, what), 401, 'NOT_AUTHENTICATED');
        expect((await look(bench, id, what, owner.headers)).status).to.equal(200);
      }
    },
  );

  it('leaves letters out of the trace for who may not read their queue', async () => {
    const queue = uniqueName('work');
    const service = createReplier({
      ...{ broker: bench.gateway.broker, queue, retry: { attempts: 1 } },
      handler: () => {
        throw new Error('no database');
      },
    });
    await service.start();
    const { list } = letterBench(bench);
    for (const [caller, shown] of [
      [owner, false],
      [other, true],
    ] as const) {
      const id = await asked(bench, queue, caller.headers);
      await until(
        async () => (await list('/dead-letters', other.headers)).some(({ messageId }) => messageId === id),
        { what: 'the letter' },
      );
      const { entries } = (await look(bench, id, 'trace', caller.headers)).json<RequestTraceDocument>();
      expect(entries.some(({ what }) => what === 'dead-letter')).to.equal(shown);
      expect(entries.some(({ what }) => what === 'faulted')).to.equal(true);
    }
    await service.stop(2_000);
  });
});
