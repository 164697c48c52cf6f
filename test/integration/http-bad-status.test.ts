import { expect } from 'chai';
import { happens } from '../support/happens.js';
import { call } from '../support/http.js';
import type { HttpAnswer } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { rawCall, rawRequest } from '../support/raw-http.js';
import { newProject, sequencesOf, statusOf } from '../support/status-bench.js';

const whole = 'a whole number from 0 to 9007199254740991';

describe('bad calls about status', () => {
  const bench = httpBench();
  const status = statusOf(bench);

  const get = (path: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    call(`${bench.url}${path}`, { headers });

  happens(
    'HTTP',
    'a `Last-Event-ID` or `?after` of a project that is negative, no whole number, or of an event that is still to come',
    '400 naming it and what is allowed; of the future also the newest event there is',
    async () => {
      const project = newProject();
      await status.tellMany(project, 2);
      for (const value of ['-1', 'x', '1.5', '0x1', '1e3', '9999999999999999', '1, 2']) {
        const headers = { 'last-event-id': value };
        const byHeader = faultOf(await get(`/status/${project}`, headers), 400, 'INVALID_REQUEST');
        expect(byHeader).to.deep.equal({ field: 'Last-Event-ID', value, allowed: whole });
        const parameter = await get(`/status/${project}?after=${encodeURIComponent(value)}`);
        expect(faultOf(parameter, 400, 'INVALID_REQUEST')).to.include({ field: '?after', value });
      }
      for (const accept of ['text/event-stream', 'application/json']) {
        const answer = await get(`/status/${project}`, { accept, 'last-event-id': '3' });
        const fault = faultOf(answer, 400, 'INVALID_REQUEST');
        expect(fault).to.include({ field: 'Last-Event-ID', value: '3' });
        expect(fault.allowed).to.match(/or 0: the newest is 2$/u);
      }
      const twice = rawRequest(`GET /status/${project}`, ['Last-Event-ID: 1', 'Last-Event-ID: 2']);
      expect((await rawCall(bench.port, twice)).status).to.equal(400);
      // Empty is how a browser says that it has none.
      const page = await status.page(project, '', { 'last-event-id': '' });
      expect(sequencesOf(page.events)).to.deep.equal([1, 2]);
    },
  );

  happens(
    'HTTP',
    'the name of a project with a wildcard, a slash, control characters, outer spaces, or 300 bytes, whatever is asked of it',
    '400 naming it and what is allowed; with a slash that is not encoded 404',
    async () => {
      const allowed = /^1-248 bytes that may stand in the name of a topic/u;
      for (const name of ['a*', '*', '>', 'a.>', '#', 'a/b', 'a\\b', ' a', 'a\n', 'a?', 'x'.repeat(300)]) {
        const path = `/status/${encodeURIComponent(name)}`;
        for (const answer of [
          await get(path),
          await get(path, { accept: 'application/json' }),
          await get(`${path}/subjects`),
          await status.post(name, { subject: 'job', kind: 'log' }),
        ]) {
          const fault = faultOf(answer, 400, 'INVALID_REQUEST');
          expect(fault.field, name).to.equal('project');
          expect(fault.allowed).to.match(allowed);
        }
      }
      const { detail } = problemOf(await get('/status/a/b'), 404, 'ROUTE_NOT_FOUND');
      expect(detail).to.match(
        /GET and POST \/status\/\{project\} follow a project and tell of it; its name has no slash/u,
      );
      problemOf(await get('/status/%ff'), 400, 'INVALID_REQUEST');
      const list = (await get('/status?limit=500')).json<{ projects: { project: string }[] }>().projects;
      expect(list.map(({ project }) => project).filter((name) => !name.startsWith('project.'))).to.be.empty;
    },
  );

  happens(
    'HTTP',
    'an event that breaks its schema: percent outside of 0-100, an unknown kind, no subject, a time before 1970, another project, a member that is misspelt, no object, no JSON',
    '422 naming each member that is wrong and what is allowed; nothing is stored',
    async () => {
      const project = newProject();
      const good = { subject: 'job', kind: 'progress' };
      const bad: [event: unknown, field: string, allowed: RegExp][] = [
        [{ ...good, percent: 100.1 }, 'percent', /100/u],
        [{ ...good, percent: -0.1 }, 'percent', /0/u],
        [{ ...good, percent: '50' }, 'percent', /number/u],
        [{ ...good, kind: 'rumour' }, 'kind', /one of progress, success, failure, log/u],
        [{ kind: 'log' }, 'subject', /it is required/u],
        [{ ...good, subject: 'a\u0000' }, 'subject', /1-255 characters/u],
        [{ ...good, subject: 'x'.repeat(256) }, 'subject', /1-255 characters/u],
        [{ ...good, id: '' }, 'id', /1-255 characters/u],
        [{ ...good, time: -1 }, 'time', /0/u],
        [{ ...good, project: 'another' }, 'project', /as in the path, or none/u],
        [{ ...good, percentage: 50 }, 'percentage', /did you mean 'percent'/u],
        [[good], 'event', /./u],
        ['null', 'event', /./u],
        ['', 'event', /JSON/u],
        ['{', 'event', /JSON/u],
        [`{"subject":"${'['.repeat(9)}","kind":"log","data":${'['.repeat(300)}`, 'event', /levels/u],
      ];
      for (const [event, field, allowed] of bad) {
        const fault = faultOf(await status.post(project, event), 422, 'SCHEMA_MISMATCH');
        expect(fault.field, JSON.stringify(event)).to.equal(field);
        expect(fault.allowed).to.match(allowed);
      }
      const several = await status.post(project, { kind: 'x', percent: 101 });
      const { problems = [] } = problemOf(several, 422, 'SCHEMA_MISMATCH');
      expect(problems.map(({ field }) => field)).to.have.members(['subject', 'kind', 'percent']);
      await status.tell(project, { text: 'good' });
      await status.reaches(project, 1);
      expect((await status.page(project)).events.map(({ text }) => text)).to.deep.equal(['good']);
    },
  );

  happens(
    'HTTP',
    'an event of more than 64 KiB',
    '413, nothing is stored; one of 64 KiB is taken',
    async () => {
      const project = newProject();
      const sized = (bytes: number): string => {
        const empty = JSON.stringify({ subject: 'job', kind: 'log', text: '' });
        return JSON.stringify({ subject: 'job', kind: 'log', text: 'x'.repeat(bytes - empty.length) });
      };
      problemOf(await status.post(project, sized(65_537)), 413, 'BODY_TOO_LARGE');
      expect((await status.post(project, sized(65_536))).status).to.equal(202);
      await status.reaches(project, 1);
      expect((await status.page(project)).events[0]!.text!.length).to.be.greaterThan(65_000);
      expect((await status.page(project)).last).to.equal(1);
    },
  );

  happens(
    'HTTP',
    'a project that nobody has named yet, asked for in every way',
    'an empty page, an empty list, a stream that waits: a project is there when it is named',
    async () => {
      const project = newProject();
      const empty = { project, events: [], first: 1, last: 0, next: 0 };
      expect(await status.page(project)).to.deep.equal(empty);
      expect(await status.page(project, '?after=0', { prefer: 'wait=1' })).to.deep.equal(empty);
      const subjects = await get(`/status/${project}/subjects`);
      expect(subjects.json()).to.deep.equal({ project, last: 0, subjects: [] });
      for (const query of ['', '?after=0']) {
        const stream = await status.follow(project, query);
        expect([stream.status, stream.events]).to.deep.equal([200, []]);
      }
      problemOf(await status.askPage(project, '?after=1'), 400, 'INVALID_REQUEST');
    },
  );

  happens(
    'HTTP',
    'an `Accept` that is neither a stream nor JSON, at a resource of events',
    '406 naming it and what there is; nonsense that matches everything gets the stream',
    async () => {
      const project = newProject();
      for (const path of [`/status/${project}`, '/requests/unknown/events']) {
        for (const accept of [
          'image/png',
          'text/html',
          'application/xml;q=0.9',
          'text/event-stream;q=0',
          ';;',
        ]) {
          const fault = faultOf(await get(path, { accept }), 406, 'INVALID_REQUEST');
          expect(fault).to.deep.equal({
            field: 'Accept',
            value: accept,
            allowed: 'text/event-stream or application/json',
          });
        }
      }
      for (const accept of [
        '*/*',
        'text/*',
        'text/event-stream, application/json',
        'application/json;q=0.1, */*',
      ]) {
        const stream = await status.follow(project, '', { accept });
        expect(stream.headers['content-type'], accept).to.match(/^text\/event-stream/u);
      }
      for (const accept of [
        'application/json',
        'application/*',
        'text/event-stream;q=0.5, application/json',
      ]) {
        expect((await get(`/status/${project}`, { accept })).headers['content-type'], accept).to.equal(
          'application/json',
        );
      }
    },
  );

  it('names every parameter that is wrong at once', async () => {
    const answer = await get('/status/shop?after=-1&limit=1001&kind=log,rumour&subject=&colour=red');
    const { problems = [] } = problemOf(answer, 400, 'INVALID_REQUEST');
    expect(problems.map(({ field, value }) => [field, value])).to.have.deep.members([
      ['?after', '-1'],
      ['?limit', '1001'],
      ['?kind', 'log,rumour'],
      ['?subject', ''],
      ['?colour', 'red'],
    ]);
    const kind = problems.find(({ field }) => field === '?kind');
    expect(kind!.allowed).to.equal(
      'one of progress, success, failure, log, user-action, or several of them with commas',
    );
    for (const path of [
      '/status?limit=501',
      '/status/shop/subjects?limit=0',
      '/status/shop/subjects?before=0',
    ]) {
      expect(faultOf(await get(path), 400, 'INVALID_REQUEST').field).to.match(/^\?(?:limit|before)$/u);
    }
    expect(faultOf(await get('/status/shop?kind=log&kind=log'), 400, 'INVALID_REQUEST')).to.include({
      field: '?kind',
      allowed: 'given once',
    });
  });

  it('answers methods that are not offered with 405 and those that are, OPTIONS with the same', async () => {
    for (const [path, allow] of [
      ['/status', 'GET, HEAD, OPTIONS'],
      ['/status/shop', 'GET, HEAD, OPTIONS, POST'],
      ['/status/shop/subjects', 'GET, HEAD, OPTIONS'],
    ] as const) {
      const options = await call(bench.url + path, { method: 'OPTIONS' });
      expect([options.status, options.headers['allow']], path).to.deep.equal([204, allow]);
      const refused = await call(bench.url + path, { method: 'DELETE' });
      problemOf(refused, 405, 'METHOD_NOT_ALLOWED');
      expect(refused.headers['allow']).to.equal(allow);
    }
    const hint = faultOf(await call(`${bench.url}/status`, { method: 'POST' }), 405, 'METHOD_NOT_ALLOWED');
    expect(hint.allowed).to.contain('for POST there is /status/{project}');
  });
});
