import { expect } from 'chai';
import type { NumberedEvent } from '#core/status-event.js';
import type { ReceivedEvents } from '../support/event-source.js';
import { openEvents } from '../support/event-source.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { requestEventsOf } from '../support/request-events-bench.js';
import { until } from '../support/until.js';

describe('the events of a request over HTTP', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_REQUESTS__MAX_WAITING: '3' } }));
  const events = requestEventsOf(bench);
  const streams: ReceivedEvents[] = [];
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
  });

  async function follow(
    id: string,
    query = '',
    headers: Record<string, string> = {},
  ): Promise<ReceivedEvents> {
    const stream = await openEvents(`${bench.url}/requests/${id}/events${query}`, headers);
    streams.push(stream);
    return stream;
  }

  const numbersOf = (stream: ReceivedEvents): string[] => stream.events.map(({ id }) => id);
  const statesOf = (stream: ReceivedEvents): unknown[] =>
    stream.events.map(
      ({ data }) => ((data as NumberedEvent).data as { status?: string } | undefined)?.status,
    );

  async function ended(stream: ReceivedEvents): Promise<void> {
    await until(() => stream.isEnded, { what: 'the end of the stream' });
  }

  it('are the history so far, then what happens, in order and numbered without a gap', async () => {
    const { id, message } = await events.sentRequest({ project: 'orion' });
    const stream = await follow(id);
    expect(stream.status).to.equal(200);
    expect(stream.headers).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    await until(() => stream.events.length === 2, { what: 'the history' });
    for (const percent of [10, 20, 30]) {
      await events.report(id, { percent, text: `step ${percent}\nof three` });
      await until(async () => (await bench.status(id)).progress?.percent === percent, {
        what: 'the progress',
      });
    }
    await bench.reply(message, 'done');
    await ended(stream);
    expect(numbersOf(stream)).to.deep.equal(['1', '2', '3', '4', '5', '6']);
    expect(stream.events.map(({ event }) => event)).to.deep.equal([
      'log',
      'log',
      'progress',
      'progress',
      'progress',
      'success',
    ]);
    expect(stream.events[2]!.data).to.deep.include({
      number: 3,
      subject: id,
      project: 'orion',
      kind: 'progress',
      percent: 10,
      text: 'step 10\nof three',
    });
    expect(statesOf(stream)).to.deep.equal(['accepted', 'sent', undefined, undefined, undefined, 'replied']);
    expect(stream.retryMs).to.equal(2_000);
  });

  it('resume after the number that the client names, by Last-Event-ID or ?after', async () => {
    const { id, message } = await events.sentRequest();
    await events.report(id, { percent: 50 });
    await until(async () => (await bench.status(id)).progress !== null, { what: 'the progress' });
    const byHeader = await follow(id, '', { 'last-event-id': '2' });
    const byParameter = await follow(id, '?after=2');
    // A browser that reconnects still has its first URL.
    const byBoth = await follow(id, '?after=1', { 'last-event-id': '2' });
    await bench.reply(message, 'done');
    for (const stream of [byHeader, byParameter, byBoth]) {
      await ended(stream);
      expect(numbersOf(stream)).to.deep.equal(['3', '4']);
    }
  });

  it('after the end are told once more, and then there are none: 204', async () => {
    const { id, message } = await events.sentRequest();
    await bench.reply(message, 'done');
    await bench.reaches(id, 'replied');
    const stream = await follow(id);
    await ended(stream);
    expect(numbersOf(stream)).to.deep.equal(['1', '2', '3']);
    const behind = (after: string): Promise<HttpAnswer> =>
      call(`${bench.url}/requests/${id}/events`, { headers: { 'last-event-id': after } });
    const none = await behind('3');
    expect([none.status, none.body.byteLength]).to.deep.equal([204, 0]);
    for (const after of ['4', '999']) {
      const fault = faultOf(await behind(after), 400, 'INVALID_REQUEST');
      expect(fault).to.deep.include({ field: 'Last-Event-ID', value: after });
    }
    // What comes after the end is told to who asks again.
    await bench.reply(message, 'once more');
    await until(async () => (await bench.status(id)).replies === 2, { what: 'the duplicate' });
    const later = await follow(id, '?after=3');
    await ended(later);
    expect(statesOf(later)).to.deep.equal(['duplicate']);
  });

  it('of kinds that do not come any more are none after the end: 204', async () => {
    const { id, message } = await events.sentRequest();
    await events.report(id, { percent: 50 });
    await until(async () => (await bench.status(id)).progress !== null, { what: 'the progress' });
    await bench.reply(message, 'done');
    await bench.reaches(id, 'replied');
    const stream = await follow(id, '?kind=progress');
    await ended(stream);
    expect(numbersOf(stream)).to.deep.equal(['3']);
    const again = (query: string, headers = {}): Promise<HttpAnswer> =>
      call(`${bench.url}/requests/${id}/events${query}`, { headers });
    expect((await again('?kind=progress', { 'last-event-id': '3' })).status).to.equal(204);
    expect((await again('?kind=failure,user-action')).status).to.equal(204);
    expect((await again('?kind=success', { 'last-event-id': '3' })).status).to.equal(200);
  });

  it('end with the request, however it ends', async () => {
    const cancelled = await events.sentRequest();
    const expiring = await events.sentRequest({ 'request-timeout': '1' });
    const ofCancelled = await follow(cancelled.id);
    const ofExpiring = await follow(expiring.id);
    await call(`${bench.url}/requests/${cancelled.id}`, { method: 'DELETE' });
    await ended(ofCancelled);
    await ended(ofExpiring);
    expect(statesOf(ofCancelled)).to.deep.equal(['accepted', 'sent', 'cancelled']);
    expect(statesOf(ofExpiring)).to.deep.equal(['accepted', 'sent', 'expired']);
  });

  it('that come again with the same id are told once', async () => {
    const { id, message } = await events.sentRequest();
    const stream = await follow(id);
    const eventId = uniqueName('event');
    await events.report(id, { id: eventId, percent: 1 });
    await events.report(id, { id: eventId, percent: 1 });
    await events.report(id, { percent: 2 });
    await until(async () => (await bench.status(id)).progress?.percent === 2, { what: 'the last event' });
    await bench.reply(message, 'done');
    await ended(stream);
    expect(numbersOf(stream)).to.deep.equal(['1', '2', '3', '4', '5']);
  });

  it('are many and none is lost', async () => {
    const { id, message } = await events.sentRequest();
    // More than a page of the store.
    for (let number = 0; number < 250; number += 1)
      await events.report(id, { percent: number % 100, text: 'x'.repeat(500) });
    await until(async () => (await call(`${bench.url}/requests/${id}`)).headers['etag'] === '"v252"', {
      what: 'all of them to be kept',
    });
    const stream = await follow(id);
    await until(() => stream.events.length === 252, { what: 'all of them' });
    await bench.reply(message, 'done');
    await ended(stream);
    expect(numbersOf(stream)).to.deep.equal(Array.from({ length: 253 }, (_, index) => String(index + 1)));
  });

  it('are followed by as many as may wait, and the next gets 429', async () => {
    const { id } = await events.sentRequest();
    const three = [await follow(id), await follow(id), await follow(id)];
    expect(three.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
    const fourth = await call(`${bench.url}/requests/${id}/events`);
    problemOf(fourth, 429, 'TOO_MANY_WAITING');
    expect(fourth.headers['retry-after']).to.match(/^\d+$/u);
    three[0]!.close();
    await until(async () => (await follow(id)).status === 200, { what: 'room for another' });
  });

  it('end with a retry when the gateway stops, so that clients come back', async () => {
    const gateway = await startGateway();
    let stopped: Promise<void> | undefined;
    try {
      const asked = await post(`${gateway.url}/requests/${uniqueName('events')}`, '{}', {
        prefer: 'respond-async',
      });
      const stream = await openEvents(`${gateway.url}${asked.headers['location']!}/events`);
      streams.push(stream);
      await until(() => stream.events.length > 0, { what: 'the history' });
      stopped = gateway.stop();
      await ended(stream);
      expect(stream.retryMs).to.equal(2_000);
    } finally {
      await (stopped ?? gateway.stop());
    }
  });
});
