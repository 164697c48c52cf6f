import { expect } from 'chai';
import type { ReceivedEvents } from '../support/event-source.js';
import { openEvents } from '../support/event-source.js';
import { call } from '../support/http.js';
import { faultOf, httpBench } from '../support/http-bench.js';
import type { SentRequest } from '../support/request-events-bench.js';
import { requestEventsOf } from '../support/request-events-bench.js';
import { until } from '../support/until.js';

describe('event streams of a request that ask for some kinds', () => {
  const bench = httpBench();
  const events = requestEventsOf(bench);
  const streams: ReceivedEvents[] = [];
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
  });

  const urlOf = (id: string, query: string): string => `${bench.url}/requests/${id}/events${query}`;

  async function follow(id: string, query: string, after?: string): Promise<ReceivedEvents> {
    const headers: Record<string, string> = after === undefined ? {} : { 'last-event-id': after };
    const stream = await openEvents(urlOf(id, query), headers);
    streams.push(stream);
    return stream;
  }

  /** 1 and 2 are its own log, 3 is progress, 4 of a user, 5 progress; its reply will be 6. */
  async function told(): Promise<SentRequest> {
    const sent = await events.sentRequest();
    for (const kind of ['progress', 'user-action', 'progress'] as const) {
      await events.report(sent.id, { kind, text: 'step' });
    }
    await until(async () => (await call(`${bench.url}/requests/${sent.id}`)).headers['etag'] === '"v5"', {
      what: 'all of them to be kept',
    });
    return sent;
  }

  const seen = (stream: ReceivedEvents): string[] => stream.events.map(({ id, event }) => `${id} ${event}`);

  it('hear these alone, by the numbers that they have in the whole history, until the request ends', async () => {
    const { id, message } = await told();
    const some = await follow(id, '?kind=progress,success');
    const other = await follow(id, '?kind=user-action');
    const behind = await follow(id, '?kind=progress,success&after=3');
    await until(() => some.events.length === 2, { what: 'the history' });
    await events.report(id, { kind: 'progress', text: 'step' });
    await until(() => some.events.length === 3, { what: 'what happens next' });
    await bench.reply(message, 'done');
    for (const stream of [some, other, behind]) {
      await until(() => stream.isEnded, { what: 'the end of the stream' });
    }
    expect(seen(some)).to.deep.equal(['3 progress', '5 progress', '6 progress', '7 success']);
    expect(seen(behind)).to.deep.equal(['5 progress', '6 progress', '7 success']);
    expect(seen(other)).to.deep.equal(['4 user-action']);
  });

  it('get 204 after the end when nothing of these kinds is left, so that nobody comes back for ever', async () => {
    const { id, message } = await told();
    await bench.reply(message, 'done');
    await bench.reaches(id, 'replied');
    const stream = await follow(id, '?kind=user-action');
    await until(() => stream.isEnded, { what: 'the end of the stream' });
    expect(seen(stream)).to.deep.equal(['4 user-action']);
    // As a browser does, and a client that begins there.
    const answers = await Promise.all([
      call(urlOf(id, '?kind=user-action'), { headers: { 'last-event-id': '4' } }),
      call(urlOf(id, '?kind=user-action&after=4')),
      call(urlOf(id, '?kind=failure')),
    ]);
    expect(answers.map(({ status }) => status)).to.deep.equal([204, 204, 204]);
    const reply = await follow(id, '?kind=success', '4');
    await until(() => reply.isEnded, { what: 'the end of the stream' });
    expect(seen(reply)).to.deep.equal(['6 success']);
  });

  it('are refused for a kind that is none', async () => {
    const { id } = await events.sentRequest();
    for (const kind of ['rumour', 'progress,', '']) {
      const fault = faultOf(await call(urlOf(id, `?kind=${kind}`)), 400, 'INVALID_REQUEST');
      expect(fault).to.deep.include({ field: '?kind', value: kind });
      expect(fault.allowed).to.include('user-action');
    }
  });
});
