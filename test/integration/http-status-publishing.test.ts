import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { StatusEvent } from '#core/status-event.js';
import { newCaller } from '../support/access.js';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { lockedBench } from '../support/locked-bench.js';
import { newProject, statusOf } from '../support/status-bench.js';
import { until } from '../support/until.js';

describe('telling events over HTTP', () => {
  const bench = httpBench();
  const status = statusOf(bench);

  it('needs a subject and a kind, and adds id and time', async () => {
    const project = newProject();
    const before = Date.now();
    const answer = await status.post(project, { subject: 'job', kind: 'log' });
    expect(answer.status).to.equal(202);
    const accepted = answer.json<{ id: string }>();
    expect(accepted).to.deep.equal({ id: accepted.id, project, subject: 'job' });
    expect(accepted.id).to.match(/^[0-9a-f]{8}-[0-9a-f]{4}-7/u);
    await status.reaches(project, 1);
    const [event] = (await status.page(project)).events;
    expect(event!.time).to.be.within(before, Date.now());
    const { time } = event!;
    expect(event).to.deep.equal({ sequence: 1, id: accepted.id, project, subject: 'job', kind: 'log', time });
  });

  it('keeps what the event says itself, and takes null for absent', async () => {
    const project = newProject();
    const event = { id: 'mine', subject: 'job', kind: 'progress', percent: 0, text: '', data: null, time: 0 };
    expect((await status.post(project, event)).json()).to.include({ id: 'mine' });
    const nulls = { id: null, project: null, time: null, percent: null, text: null };
    await status.post(project, { ...nulls, subject: 'job', kind: 'log' });
    await status.reaches(project, 2);
    const [first, second] = (await status.page(project)).events;
    expect(first).to.deep.equal({ ...event, project, sequence: 1 });
    expect(second).to.have.all.keys('id', 'project', 'subject', 'kind', 'time', 'sequence');
  });

  it('answers the same when the same id comes again, and tells it once', async () => {
    const project = newProject();
    const event = { id: randomUUID(), subject: 'job', kind: 'log', text: 'once' };
    const recorded = await bench.metric('events_recorded_total');
    const answers = [await status.post(project, event), await status.post(project, event)];
    expect(answers.map((answer) => [answer.status, answer.text()])).to.deep.equal([
      [202, answers[0]!.text()],
      [202, answers[0]!.text()],
    ]);
    expect(await bench.metric('events_recorded_total')).to.equal(recorded + 1);
    await status.tellMany(project, 1);
    expect((await status.page(project)).last).to.equal(2);
    // Ids are of their project.
    const other = newProject();
    await status.post(other, event);
    await status.reaches(other, 1);
  });

  it('joins the history of the request that it is about, and wakes who follows that', async () => {
    const [project, queue] = [newProject(), uniqueName('told')];
    await bench.listen(queue);
    await bench.ask(queue, { 'message-id': queue, project, prefer: 'respond-async' });
    const { version } = await waitForSent(queue);
    const change = call(`${bench.url}/requests/${queue}`, {
      headers: { prefer: 'wait=20', 'if-none-match': version },
    });
    await status.tell(project, { subject: queue, percent: 70, text: 'nearly' });
    expect((await change).json()['progress']).to.deep.equal({ percent: 70, text: 'nearly' });
    expect(await historyOf(queue)).to.deep.equal(['accepted', 'sent to the queue', 'nearly']);
    await status.reaches(project, 3);
  });

  async function waitForSent(id: string): Promise<{ version: string }> {
    await bench.reaches(id, 'sent');
    const { headers } = await call(`${bench.url}/requests/${id}`);
    return { version: headers['etag']! };
  }

  async function historyOf(id: string, headers: Record<string, string> = {}): Promise<unknown[]> {
    const answer = await call(`${bench.url}/requests/${id}/events`, {
      headers: { accept: 'application/json', ...headers },
    });
    return answer.json<{ events: StatusEvent[] }>().events.map(({ text }) => text);
  }
});

describe('who may tell and follow, over HTTP', () => {
  const [shop, bank, nobody] = [newCaller(), newCaller(), newCaller()];
  const rights = { queues: ['told.*'] };
  const bench = lockedBench(() => [
    { name: 'shop', token: shop.hash, ...rights, projects: ['shop*', 'both'] },
    { name: 'bank', token: bank.hash, ...rights, projects: ['bank', 'both'] },
    { name: 'nobody', token: nobody.hash },
  ]);
  const status = statusOf(bench);

  async function openRequest(caller: typeof shop, headers: Record<string, string> = {}): Promise<string> {
    const id = `told.${randomUUID()}`;
    const answer = await bench.ask(id, {
      ...caller.headers,
      ...headers,
      ...{ 'message-id': id, prefer: 'respond-async' },
    });
    expect(answer.status, answer.text()).to.equal(202);
    return id;
  }

  async function textsOf(caller: typeof shop, id: string): Promise<(string | undefined)[]> {
    const answer = await call(`${bench.url}/requests/${id}/events`, {
      headers: { accept: 'application/json', ...caller.headers },
    });
    return answer.json<{ events: StatusEvent[] }>().events.map(({ text }) => text);
  }

  const note = (subject: string): object => ({ subject, kind: 'log', text: 'a note' });

  happens(
    'HTTP',
    'a project that the name has no right to, told of, followed, read or listed',
    '403 `NOT_PERMITTED`, naming the project; a list leaves it out',
    async () => {
      const { headers } = shop;
      expect((await status.post('bank', note('x'), bank.headers)).status).to.equal(202);
      expect((await status.post('shop.1', note('x'), headers)).status).to.equal(202);
      const stream = await call(`${bench.url}/status/bank`, { headers });
      const answers = [
        stream,
        await status.post('bank', note('x'), headers),
        await status.askPage('bank', '', headers),
        await call(`${bench.url}/status/bank/subjects`, { headers }),
      ];
      for (const answer of answers) {
        const fault = faultOf(answer, 403, 'NOT_PERMITTED');
        expect(fault).to.include({ field: 'project', value: 'bank' });
      }
      const listed = async (caller: typeof shop): Promise<string[]> => {
        const list = await call(`${bench.url}/status`, { headers: caller.headers });
        return list.json<{ projects: { project: string }[] }>().projects.map(({ project }) => project);
      };
      await until(async () => (await listed(shop)).length === 1, { what: 'the project of shop' });
      expect(await listed(shop)).to.deep.equal(['shop.1']);
      expect(await listed(bank)).to.deep.equal(['bank']);
      expect(await listed(nobody)).to.deep.equal([]);
      expect((await status.page('bank', '', bank.headers)).last).to.equal(1);
    },
  );

  happens(
    'HTTP',
    'an event about the request of another name, in a project that the request is not of',
    '202; it is told in that project and does not join the history of the request',
    async () => {
      const id = await openRequest(bank);
      expect((await status.post('shop.2', note(id), shop.headers)).status).to.equal(202);
      await until(async () => (await status.page('shop.2', '', shop.headers)).last === 1, {
        what: 'the event',
      });
      const [event] = (await status.page('shop.2', '', shop.headers)).events;
      expect(event).to.include({ subject: id, text: 'a note' });
      const list = await call(`${bench.url}/status/shop.2/subjects`, { headers: shop.headers });
      expect(list.json<{ subjects: object[] }>().subjects[0]).to.include({ isRequest: false });
      expect(await textsOf(bank, id)).not.to.include('a note');
    },
  );

  it('lets a name tell of its own requests, and of those of a project that it may use', async () => {
    const own = await openRequest(shop);
    await status.post('shop.3', note(own), shop.headers);
    expect(await textsOf(shop, own)).to.include('a note');
    const shared = await openRequest(bank, { project: 'both' });
    await status.post('both', note(shared), shop.headers);
    expect(await textsOf(bank, shared)).to.include('a note');
  });

  it('asks for a token, which may stand in the address of a stream alone', async () => {
    for (const path of ['/status', '/status/shop', '/status/shop/subjects']) {
      problemOf(await call(bench.url + path), 401, 'NOT_AUTHENTICATED');
    }
    problemOf(await status.post('shop', note('x')), 401, 'NOT_AUTHENTICATED');
    const inAddress = `?access_token=${shop.token}`;
    const stream = await status.follow('shop', inAddress);
    expect(stream.status).to.equal(200);
    await status.post('shop', note('x'), shop.headers);
    await until(() => stream.events.length === 1, { what: 'the event' });
    for (const path of ['/status', '/status/shop/subjects']) {
      const answer = await call(`${bench.url}${path}${inAddress}`);
      expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('?access_token');
    }
    const told = await call(`${bench.url}/status/shop${inAddress}`, {
      method: 'POST',
      body: JSON.stringify(note('x')),
    });
    expect(faultOf(told, 400, 'INVALID_REQUEST').field).to.equal('?access_token');
  });
});
