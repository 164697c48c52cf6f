import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import { call } from '../support/http.js';
import { httpBench } from '../support/http-bench.js';
import type { StatusPage } from '../support/status-bench.js';
import { newProject, sequencesOf, statusOf } from '../support/status-bench.js';
import { until } from '../support/until.js';

interface SubjectState {
  readonly subject: string;
  readonly sequence: number;
  readonly [name: string]: unknown;
}

describe('pages of status over HTTP', () => {
  const bench = httpBench();
  const status = statusOf(bench);

  async function subjects(project: string, query = ''): Promise<SubjectState[]> {
    const answer = await call(`${bench.url}/status/${project}/subjects${query}`);
    expect(answer.status, answer.text()).to.equal(200);
    expect(answer.headers['cache-control']).to.equal('no-store');
    return answer.json<{ subjects: SubjectState[] }>().subjects;
  }

  it('are empty for a project of which nobody has heard', async () => {
    const project = newProject();
    expect(await status.page(project)).to.deep.equal({ project, events: [], first: 1, last: 0, next: 0 });
    expect(await subjects(project)).to.deep.equal([]);
  });

  it('lead from one to the next, each event on one of them', async () => {
    const project = newProject();
    await status.tellMany(project, 10);
    const seen: number[][] = [];
    let path: string | undefined = `/status/${project}?limit=4&kind=progress`;
    while (path !== undefined) {
      const answer = await call(bench.url + path, { headers: { accept: 'application/json' } });
      const page = answer.json<StatusPage>();
      seen.push(sequencesOf(page.events));
      expect(page).to.include({ first: 1, last: 10, next: page.events.at(-1)!.sequence });
      path = /^<(.+)>; rel="next"$/u.exec(answer.headers['link'] ?? '')?.[1];
    }
    expect(seen).to.deep.equal([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
      [9, 10],
    ]);
  });

  it('have only what was asked for, and go on behind what was not', async () => {
    const project = newProject();
    await status.tell(project, { subject: 'a', kind: 'log' });
    for (const subject of ['b', 'b', 'a', 'b']) await status.tell(project, { subject });
    await status.reaches(project, 5);
    const ofA = await status.page(project, '?subject=a');
    expect(sequencesOf(ofA.events)).to.deep.equal([1, 4]);
    expect(ofA.next).to.equal(5);
    expect((await status.page(project, '?subject=a&kind=log')).events).to.have.lengthOf(1);
    expect(await status.page(project, '?kind=failure')).to.deep.include({ events: [], next: 5 });
  });

  it('are 304 for who has them already', async () => {
    const project = newProject();
    await status.tellMany(project, 2);
    const first = await status.askPage(project);
    const { etag } = first.headers;
    expect(first.headers).to.include({ 'cache-control': 'no-cache', 'content-type': 'application/json' });
    for (const tag of [etag!, `W/${etag!}`, `"other", ${etag!}`, '*']) {
      const known = await status.askPage(project, '', { 'if-none-match': tag });
      expect([known.status, known.body.byteLength], tag).to.deep.equal([304, 0]);
      expect(known.headers['etag']).to.equal(etag);
    }
    await status.tellMany(project, 1);
    const changed = await status.askPage(project, '', { 'if-none-match': etag! });
    expect(changed.status).to.equal(200);
    expect(changed.json<StatusPage>().events).to.have.lengthOf(3);
  });

  it('answer HEAD as GET, without a body', async () => {
    const project = newProject();
    await status.tellMany(project, 1);
    const url = `${bench.url}/status/${project}`;
    const headers = { accept: 'application/json' };
    const page = await call(url, { headers });
    const head = await call(url, { method: 'HEAD', headers });
    expect(head.body.byteLength).to.equal(0);
    expect(head.headers['etag']).to.equal(page.headers['etag']);
    for (const path of ['/status', `/status/${project}/subjects`]) {
      const answer = await call(bench.url + path, { method: 'HEAD' });
      expect([answer.status, answer.body.byteLength], path).to.deep.equal([200, 0]);
    }
  });

  it('are waited for as Prefer says, until there is something on them', async () => {
    const project = newProject();
    await status.tellMany(project, 1);
    const waits = { prefer: 'wait=30' };
    expect((await status.page(project, '?after=0', waits)).last).to.equal(1);
    const pending = [
      status.askPage(project, '?after=1', waits),
      status.askPage(project, '?after=1&kind=failure', waits),
    ];
    await until(async () => (await bench.metric('status_subscriptions')) === 2, { what: 'two waits' });
    await status.tell(project);
    const any = await pending[0]!;
    expect(any.headers).to.include({
      'preference-applied': 'wait=30',
      vary: 'Accept, Prefer, Last-Event-ID',
    });
    expect(sequencesOf(any.json<StatusPage>().events)).to.deep.equal([2]);
    await status.tell(project, { kind: 'failure' });
    expect(sequencesOf((await pending[1]!).json<StatusPage>().events)).to.deep.equal([3]);
    expect(await bench.metric('status_subscriptions')).to.equal(0);
  });

  it('that are waited for in vain are empty when the wait is over', async () => {
    const project = newProject();
    await status.tellMany(project, 1);
    const page = await status.page(project, '?after=1', { prefer: 'wait=1' });
    expect(page).to.deep.equal({ project, events: [], first: 1, last: 1, next: 1 });
  });

  it('let go of a caller that hangs up while it waits', async () => {
    const hangUp = new AbortController();
    const poll = fetch(`${bench.url}/status/${newProject()}`, {
      headers: { accept: 'application/json', prefer: 'wait=60' },
      signal: hangUp.signal,
    }).catch(() => undefined);
    await until(async () => (await bench.metric('status_subscriptions')) === 1, { what: 'the wait' });
    hangUp.abort();
    await poll;
    await until(async () => (await bench.metric('status_subscriptions')) === 0, { what: 'its end' });
  });

  it('of subjects show where each stands, the newest first', async () => {
    const project = newProject();
    await status.tell(project, { subject: 'one', percent: 10, text: 'begun', time: 5 });
    await status.tell(project, { subject: 'two', kind: 'log', text: 'hello', time: 6 });
    await status.tell(project, { subject: 'one', percent: 60, time: 7 });
    await status.tell(project, { subject: 'one', kind: 'success', time: 8 });
    await status.tell(project, { subject: 'three', kind: 'failure', text: 'broken', time: 9 });
    await status.reaches(project, 5);
    expect(await subjects(project)).to.deep.equal([
      {
        ...{ subject: 'three', kind: 'failure', sequence: 5, time: 9, startedAt: 9 },
        ...{ isRequest: false, isOver: true, text: 'broken' },
      },
      {
        ...{ subject: 'one', kind: 'success', sequence: 4, time: 8, startedAt: 5 },
        ...{ isRequest: false, isOver: true, percent: 60, text: 'begun' },
      },
      {
        ...{ subject: 'two', kind: 'log', sequence: 2, time: 6, startedAt: 6 },
        ...{ isRequest: false, isOver: false, text: 'hello' },
      },
    ]);
    expect((await subjects(project, '?limit=1')).map(({ subject }) => subject)).to.deep.equal(['three']);
    expect((await subjects(project, '?before=4')).map(({ subject }) => subject)).to.deep.equal(['two']);
  });

  it('of subjects show requests with their state', async () => {
    const [project, queue] = [newProject(), uniqueName('pages')];
    const received = await bench.listen(queue);
    await bench.ask(queue, { 'message-id': queue, project, prefer: 'respond-async' });
    await until(() => received.length === 1, { what: 'the message' });
    await status.reaches(project, 2);
    expect((await subjects(project))[0]).to.include({
      ...{ subject: queue, status: 'sent', isRequest: true, isOver: false },
    });
    await bench.reply(received[0]!, 'done');
    await status.reaches(project, 3);
    expect((await subjects(project))[0]).to.include({ status: 'replied', kind: 'success', isOver: true });
  });

  it('of subjects say from where to follow, so that nothing is missed between', async () => {
    const project = newProject();
    await status.tellMany(project, 3);
    const list = await call(`${bench.url}/status/${project}/subjects`);
    const { last } = list.json<{ last: number }>();
    expect(last).to.equal(3);
    await status.tell(project);
    const stream = await status.follow(project, `?after=${last}`);
    await until(() => stream.events.length === 1, { what: 'the event after the list' });
    expect(stream.events[0]!.id).to.equal('4');
  });

  it('of projects list those of which something was heard, the newest first', async () => {
    const [one, other] = [newProject(), newProject()];
    await status.tellMany(one, 2);
    await status.tellMany(other, 1);
    const listed = async (query = ''): Promise<Record<string, unknown>[]> =>
      (await call(`${bench.url}/status${query}`)).json<{ projects: Record<string, unknown>[] }>().projects;
    const [first, second] = await listed();
    expect(first).to.include({ project: other, last: 1, subjects: 1 });
    expect(second).to.include({ project: one, last: 2, subjects: 1 });
    expect(first!['time']).to.be.within(Date.now() - 60_000, Date.now());
    await status.tell(one);
    await status.reaches(one, 3);
    expect((await listed('?limit=1')).map(({ project }) => project)).to.deep.equal([one]);
  });
});
