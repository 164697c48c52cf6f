import { expect } from 'chai';
import type { NumberedEvent } from '#core/status-event.js';
import { startGateway, uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { requestEventsOf } from '../support/request-events-bench.js';
import { upTo } from '../support/status-bench.js';
import { until } from '../support/until.js';

interface Page {
  readonly events: readonly NumberedEvent[];
  readonly next: number;
  readonly isOver: boolean;
}

interface Seen {
  readonly numbers: readonly number[];
  readonly next: number;
  readonly isOver: boolean;
}

type Headers = Readonly<Record<string, string>>;

const waits = { prefer: 'wait=30' };

describe('pages of the events of a request', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_REQUESTS__MAX_WAITING: '3' } }));
  const events = requestEventsOf(bench);

  const ask = (id: string, query = '', headers: Headers = {}): Promise<HttpAnswer> =>
    call(`${bench.url}/requests/${id}/events${query}`, {
      headers: { accept: 'application/json', ...headers },
    });

  function seenOn(answer: HttpAnswer): Seen {
    expect(answer.status, answer.text()).to.equal(200);
    const { events, ...rest } = answer.json<Page>();
    return { numbers: events.map(({ number }) => number), ...rest };
  }

  const page = async (id: string, query = '', headers: Headers = {}): Promise<Seen> =>
    seenOn(await ask(id, query, headers));

  const waitsAre = (count: number): Promise<unknown> =>
    until(async () => (await bench.metric('waits')) === count, { what: `${count} waits` });

  it('have its history from where one is, of the kinds one asks for', async () => {
    const { id, message } = await events.sentRequest();
    await bench.reply(message, 'done');
    await bench.reaches(id, 'replied');
    expect(await page(id)).to.deep.equal({ numbers: upTo(3), next: 3, isOver: true });
    expect(await page(id, '?limit=2')).to.deep.equal({ numbers: [1, 2], next: 2, isOver: false });
    expect(await page(id, '?after=2')).to.deep.equal({ numbers: [3], next: 3, isOver: true });
    expect(await page(id, '?after=3')).to.deep.equal({ numbers: [], next: 3, isOver: true });
    expect(await page(id, '?kind=success')).to.deep.equal({ numbers: [3], next: 3, isOver: true });
    const none = { numbers: [], next: 2, isOver: false };
    expect(await page(id, '?kind=success,user-action&limit=2')).to.deep.equal(none);
    expect((await ask(id)).headers).to.include({
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      vary: 'Accept, Prefer, Last-Event-ID',
    });
  });

  it('are not sent again to who has them', async () => {
    const { id, message } = await events.sentRequest();
    const first = await ask(id);
    const known = { 'if-none-match': first.headers['etag']! };
    const same = await ask(id, '', known);
    expect([same.status, same.body.byteLength]).to.deep.equal([304, 0]);
    expect(same.headers['etag']).to.equal(first.headers['etag']);
    const behind = await ask(id, '?after=2');
    const nothingYet = { 'if-none-match': behind.headers['etag']! };
    expect((await ask(id, '?after=2', nothingYet)).status).to.equal(304);
    await bench.reply(message, 'done');
    await bench.reaches(id, 'replied');
    expect((await page(id, '', known)).numbers).to.deep.equal(upTo(3));
    expect((await page(id, '?after=2', nothingYet)).numbers).to.deep.equal([3]);
  });

  it('that end where they ended before, but at the end of the request now, are sent again', async () => {
    const { id } = await events.sentRequest();
    const query = '?kind=success,failure';
    const before = await ask(id, query);
    expect(seenOn(before).isOver).to.equal(false);
    await call(`${bench.url}/requests/${id}`, { method: 'DELETE' });
    expect(await page(id, query, { 'if-none-match': before.headers['etag']! })).to.deep.equal({
      ...{ numbers: [], next: 3, isOver: true },
    });
  });

  it('are waited for as Prefer says, until there is something on them', async () => {
    const { id } = await events.sentRequest();
    expect((await page(id, '', waits)).numbers).to.deep.equal([1, 2]);
    const pending = [ask(id, '?after=2', waits), ask(id, '?after=2&kind=failure', waits)] as const;
    await waitsAre(2);
    await events.report(id, { percent: 10 });
    const any = await pending[0];
    expect(any.headers['preference-applied']).to.equal('wait=30');
    expect(seenOn(any)).to.deep.equal({ numbers: [3], next: 3, isOver: false });
    await events.report(id, { kind: 'failure' });
    expect(seenOn(await pending[1])).to.deep.equal({ numbers: [4], next: 4, isOver: false });
    await waitsAre(0);
  });

  it('that are waited for are looked for behind all that is there and does not pass', async () => {
    const { id, message } = await events.sentRequest();
    for (let number = 0; number < 5; number += 1) await events.report(id);
    await until(async () => (await page(id)).next === 7, { what: 'all events' });
    await bench.reply(message, 'done');
    await bench.reaches(id, 'replied');
    const query = '?kind=success&limit=2';
    expect(await page(id, query, waits)).to.deep.equal({ numbers: [8], next: 8, isOver: false });
    expect(await page(id, `${query}&after=8`, waits)).to.deep.equal({ numbers: [], next: 8, isOver: true });
  });

  it('are waited for no longer than the request lives', async () => {
    const { id, message } = await events.sentRequest();
    const pending = ask(id, '?after=2&kind=user-action', waits);
    await waitsAre(1);
    await bench.reply(message, 'done');
    const end = { numbers: [], next: 3, isOver: true };
    expect(seenOn(await pending)).to.deep.equal(end);
    expect(await page(id, '?after=3', waits)).to.deep.equal({ ...end, next: 3 });
  });

  it('that are waited for in vain are empty when the wait is over', async () => {
    const { id } = await events.sentRequest();
    const empty = { numbers: [], next: 2, isOver: false };
    expect(await page(id, '?after=2', { prefer: 'wait=1' })).to.deep.equal(empty);
  });

  it('let go of a caller that hangs up while it waits', async () => {
    const { id } = await events.sentRequest();
    const hangUp = new AbortController();
    const poll = fetch(`${bench.url}/requests/${id}/events?after=2`, {
      headers: { accept: 'application/json', prefer: 'wait=60' },
      signal: hangUp.signal,
    }).catch(() => undefined);
    await waitsAre(1);
    hangUp.abort();
    await poll;
    await waitsAre(0);
  });

  it('have places for as many who wait as there are; without a wait there is no limit', async () => {
    const { id } = await events.sentRequest();
    const pending = upTo(3).map(() => ask(id, '?after=2', waits));
    await waitsAre(3);
    problemOf(await ask(id, '?after=2', waits), 429, 'TOO_MANY_WAITING');
    expect((await page(id)).numbers).to.deep.equal([1, 2]);
    await events.report(id);
    for (const answer of await Promise.all(pending)) expect(seenOn(answer).numbers).to.deep.equal([3]);
  });

  it('end at about 1 MiB, and go on from there', async () => {
    const { id } = await events.sentRequest();
    const text = 'x'.repeat(60_000);
    for (let number = 0; number < 60; number += 1) await events.report(id, { data: { text } });
    const isThere = async (number: number): Promise<boolean> =>
      (await ask(id, `?after=${number}&limit=1`)).status === 200;
    await until(() => isThere(62), {
      what: 'all events',
      withinMs: 20_000,
    });
    const told: number[] = [];
    for (let next = 0; next < 62; next = told.at(-1) ?? 62) {
      const answer = await ask(id, `?after=${next}&limit=1000`);
      expect(answer.body.byteLength).to.be.below(1.2 * 1024 * 1024);
      told.push(...seenOn(answer).numbers);
    }
    expect(told).to.deep.equal(upTo(62));
  });

  it('of nobody knows what request are not found, and a position that never was is refused', async () => {
    problemOf(await ask('nobody-asked-this'), 404, 'REQUEST_NOT_FOUND');
    const { id } = await events.sentRequest();
    const fault = faultOf(await ask(id, '?after=3', waits), 400, 'INVALID_REQUEST');
    expect(fault).to.deep.include({ field: '?after', value: '3' });
    expect(faultOf(await ask(id, '', { prefer: 'wait=soon' }), 400, 'INVALID_REQUEST').field).to.equal(
      'Prefer',
    );
  });

  it('are answered at once when the gateway stops', async () => {
    const gateway = await startGateway();
    let stopped: Promise<void> | undefined;
    try {
      const asked = await post(`${gateway.url}/requests/${uniqueName('events')}`, '{}', {
        prefer: 'respond-async',
      });
      const id = asked.headers['message-id']!;
      const at = `${gateway.url}/requests/${id}/events`;
      const pageAt = (query: string, headers: Headers = {}): Promise<HttpAnswer> =>
        call(at + query, { headers: { accept: 'application/json', ...headers } });
      await until(async () => (await pageAt('')).json<Page>().next === 2, { what: 'the request to be sent' });
      const pending = pageAt('?after=2', waits);
      await until(async () => (await call(`${gateway.url}/metrics`)).text().includes('replyto_waits 1'), {
        what: 'the wait',
      });
      stopped = gateway.stop();
      expect((await pending).json<Page>()).to.deep.equal({ events: [], next: 2, isOver: false });
    } finally {
      await (stopped ?? gateway.stop());
    }
  });
});
