import { expect } from 'chai';
import type { SequencedEvent } from '#core/status-event.js';
import { startGateway } from '../support/gateway.js';
import { call } from '../support/http.js';
import { httpBench, problemOf } from '../support/http-bench.js';
import { openEvents } from '../support/event-source.js';
import { openRawHttp, rawRequest } from '../support/raw-http.js';
import { dataOf, newProject, sequencesOf, statusBench, statusOf, upTo } from '../support/status-bench.js';
import { until } from '../support/until.js';

describe('following a project over HTTP', () => {
  const bench = httpBench(() => ({ settings: { REPLYTO_STATUS__MAX_FOLLOWERS: '12' } }));
  const status = statusOf(bench);

  async function hears(stream: Awaited<ReturnType<typeof status.follow>>, count: number): Promise<void> {
    await until(() => stream.events.length >= count, { what: `${count} events` });
  }

  it('begins with what is new, and says at once that it is there', async () => {
    const project = newProject();
    await status.tellMany(project, 2);
    const connection = await openRawHttp(bench.port);
    try {
      connection.write(rawRequest(`GET /status/${project}`, ['Accept: text/event-stream']));
      // Nothing has happened yet: who waits for headers and first bytes has them.
      await until(() => /\r\n\r\n[0-9a-f]+\r\n:\n\n/u.test(connection.rest()), { what: 'a comment' });
      expect(connection.rest()).not.to.contain('data:');
      // Where it is, without an event: a client that goes now comes back to here.
      await until(() => connection.rest().includes('id: 2\n\n'), { what: 'the position' });
      await status.tell(project, { text: 'new' });
      await until(() => connection.rest().includes('data:'), { what: 'the new event' });
      expect(connection.rest()).to.contain('id: 3\nevent: progress\ndata: {');
    } finally {
      connection.destroy();
    }
  });

  it('is a stream that no proxy keeps back and no cache keeps', async () => {
    const stream = await status.follow(newProject());
    expect(stream.status).to.equal(200);
    expect(stream.headers).to.include({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      vary: 'Accept',
    });
  });

  it('gives each event once, in order, however many tell at once', async () => {
    const project = newProject();
    const stream = await status.follow(project);
    await Promise.all(
      upTo(10).map(async (publisher) => {
        for (const step of upTo(10)) await status.tell(project, { text: `${publisher}:${step}` });
      }),
    );
    await hears(stream, 100);
    const events = dataOf(stream);
    expect(sequencesOf(events)).to.deep.equal(upTo(100));
    expect(stream.events.map(({ id }) => Number(id))).to.deep.equal(upTo(100));
    for (const publisher of upTo(10)) {
      const own = events.map(({ text = '' }) => text).filter((text) => text.startsWith(`${publisher}:`));
      expect(own).to.deep.equal(upTo(10).map((step) => `${publisher}:${step}`));
    }
  });

  it('goes on after the event that the client names, by Last-Event-ID or ?after', async () => {
    const project = newProject();
    await status.tellMany(project, 5);
    const streams = [
      await status.follow(project, '', { 'last-event-id': '3' }),
      await status.follow(project, '?after=3'),
      // A browser that reconnects still has its first URL.
      await status.follow(project, '?after=1', { 'last-event-id': '3' }),
    ];
    const all = await status.follow(project, '?after=0');
    await status.tell(project);
    for (const stream of streams) {
      await hears(stream, 3);
      expect(sequencesOf(dataOf(stream))).to.deep.equal([4, 5, 6]);
    }
    await hears(all, 6);
    expect(sequencesOf(dataOf(all))).to.deep.equal(upTo(6));
  });

  it('gives a client that comes and goes all the time everything once', async () => {
    const project = newProject();
    const telling = (async () => {
      for (const step of upTo(60)) await status.tell(project, { text: String(step) });
    })();
    const heard: SequencedEvent[] = [];
    while (heard.length < 60) {
      const stream = await status.follow(project, '?after=0', {
        'last-event-id': String(heard.at(-1)?.sequence ?? 0),
      });
      await until(() => stream.events.length > 0, { what: 'the next event' });
      stream.close();
      heard.push(...dataOf(stream));
    }
    await telling;
    expect(sequencesOf(heard)).to.deep.equal(upTo(60));
    expect(heard.map(({ text }) => text)).to.deep.equal(upTo(60).map(String));
  });

  it('gives only what was asked for, by subject and by kind', async () => {
    const project = newProject();
    const bySubject = await status.follow(project, '?subject=a%20b');
    const byKind = await status.follow(project, '?kind=success,failure');
    const byBoth = await status.follow(project, '?kind=log&subject=other');
    for (const subject of ['a b', 'other']) {
      for (const kind of ['progress', 'log', 'success', 'user-action', 'failure'] as const) {
        await status.tell(project, { subject, kind });
      }
    }
    await hears(bySubject, 5);
    await hears(byKind, 4);
    await hears(byBoth, 1);
    expect(sequencesOf(dataOf(bySubject))).to.deep.equal([1, 2, 3, 4, 5]);
    expect(sequencesOf(dataOf(byKind))).to.deep.equal([3, 5, 8, 10]);
    expect(sequencesOf(dataOf(byBoth))).to.deep.equal([7]);
    const replayed = await status.follow(project, '?after=0&kind=user-action');
    await hears(replayed, 2);
    expect(sequencesOf(dataOf(replayed))).to.deep.equal([4, 9]);
  });

  it('tells each project of its own alone, each from 1 on', async () => {
    const [one, other] = [newProject(), newProject()];
    const streams = [await status.follow(one), await status.follow(other)];
    for (const text of ['a', 'b']) {
      for (const project of [one, other]) await status.tell(project, { text: `${project} ${text}` });
    }
    for (const [index, project] of [one, other].entries()) {
      await hears(streams[index]!, 2);
      expect(dataOf(streams[index]!).map(({ text }) => text)).to.deep.equal([`${project} a`, `${project} b`]);
      expect(sequencesOf(dataOf(streams[index]!))).to.deep.equal([1, 2]);
    }
  });

  it('takes names of projects as people write them', async () => {
    const project = `Größe ü.1: & + ${newProject()}`;
    const stream = await status.follow(project);
    await status.tell(project);
    await hears(stream, 1);
    expect(dataOf(stream)[0]!.project).to.equal(project);
    const list = await call(`${bench.url}/status?limit=500`);
    expect(list.json<{ projects: { project: string }[] }>().projects[0]!.project).to.equal(project);
    const page = await status.askPage(project, '?after=0&limit=1');
    expect(page.status).to.equal(200);
  });

  it('answers HEAD with the headers of a stream, and ends', async () => {
    const answer = await call(`${bench.url}/status/${newProject()}`, { method: 'HEAD' });
    expect([answer.status, answer.body.byteLength]).to.deep.equal([200, 0]);
    expect(answer.headers['content-type']).to.equal('text/event-stream; charset=utf-8');
  });

  it('has places for so many, and the next gets 429 until one of them leaves', async () => {
    const project = newProject();
    const before = await bench.metric('event_streams');
    const streams = await Promise.all(upTo(12 - before).map(() => status.follow(project)));
    expect(streams.map((stream) => stream.status)).to.deep.equal(streams.map(() => 200));
    expect(await bench.metric('event_streams')).to.equal(12);
    expect(await bench.metric('status_subscriptions')).to.equal(12);
    const next = await call(`${bench.url}/status/${project}`, { headers: { accept: 'text/event-stream' } });
    problemOf(next, 429, 'TOO_MANY_WAITING');
    expect(next.headers['retry-after']).to.match(/^\d+$/u);
    streams[0]!.close();
    const other = await until(
      async () => {
        const stream = await status.follow(project);
        return stream.status === 200 && stream;
      },
      { what: 'the place that became free' },
    );
    for (const stream of [...streams, other]) stream.close();
    await until(async () => (await bench.metric('status_subscriptions')) === 0, {
      what: 'every subscription to end with its stream',
    });
    expect(await bench.metric('event_streams')).to.equal(0);
  });
});

describe('following a project of a gateway that stops', () => {
  it('ends with a retry, a long poll at once with an empty page', async () => {
    const gateway = await startGateway();
    const status = statusBench({ url: () => gateway.url });
    let stopped: Promise<void> | undefined;
    const stream = await openEvents(`${gateway.url}/status/shop`);
    try {
      await status.tell('shop');
      await until(() => stream.events.length === 1, { what: 'the first event' });
      const poll = status.page('shop', '?after=1', { prefer: 'wait=60' });
      await until(
        async () => (await call(`${gateway.url}/metrics`)).text().includes('status_subscriptions 2'),
        { what: 'the long poll to wait' },
      );
      const startedAt = performance.now();
      stopped = gateway.stop();
      await until(() => stream.isEnded, { what: 'the end of the stream' });
      expect(stream.retryMs).to.equal(2_000);
      expect(await poll).to.deep.include({ events: [], last: 1, next: 1 });
      await stopped;
      expect(performance.now() - startedAt).to.be.lessThan(4_000);
    } finally {
      stream.close();
      await (stopped ?? gateway.stop());
    }
  });
});
