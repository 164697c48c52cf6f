import { expect } from 'chai';
import { uniqueName } from '../support/gateway.js';
import { happens } from '../support/happens.js';
import { call, post } from '../support/http.js';
import { faultOf, httpBench, problemOf } from '../support/http-bench.js';
import { openRawHttp, rawCall, rawRequest } from '../support/raw-http.js';
import { until } from '../support/until.js';

describe('bad headers over HTTP', () => {
  const bench = httpBench();

  interface BadHeader {
    readonly title: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly field: string;
    /** What comes back of the value; default: all of it. */
    readonly value?: string;
    readonly allowed: RegExp;
  }

  const long = 'm'.repeat(10_000);
  const timeout = /^whole seconds from 1 to \d+$/u;
  const id = /^1-255 visible ASCII characters/u;
  const priority = /^one digit, 0-9$/u;
  const wait = /^wait=N with whole seconds/u;
  const cases: readonly BadHeader[] = [
    {
      title: 'a Time in words',
      headers: { time: 'tomorrow' },
      field: 'Time',
      value: 'tomorrow',
      allowed: /^epoch milliseconds/u,
    },
    { title: 'a Time below zero', headers: { time: '-1' }, field: 'Time', allowed: /^epoch milliseconds/u },
    {
      title: 'a Time as an instant',
      headers: { time: '2026-01-31T12:00:00Z' },
      field: 'Time',
      allowed: /^epoch/u,
    },
    {
      title: 'a Time with too many digits',
      headers: { time: '9'.repeat(16) },
      field: 'Time',
      allowed: /^epoch/u,
    },
    { title: 'a wait below zero', headers: { prefer: 'wait=-1' }, field: 'Prefer', allowed: wait },
    { title: 'a wait in words', headers: { prefer: 'wait=abc' }, field: 'Prefer', allowed: wait },
    { title: 'a wait without a number', headers: { prefer: 'wait=' }, field: 'Prefer', allowed: wait },
    { title: 'a wait with a unit', headers: { prefer: 'wait=5 s' }, field: 'Prefer', allowed: wait },
    {
      title: 'a wait beside others',
      headers: { prefer: 'respond-async, wait=x' },
      field: 'Prefer',
      allowed: wait,
    },
    {
      title: 'a Message-ID of 10 kB',
      headers: { 'message-id': long },
      field: 'Message-ID',
      value: `${long.slice(0, 200)}…`,
      allowed: /^at most 8192 bytes/u,
    },
    {
      title: 'a Message-ID of 256',
      headers: { 'message-id': 'm'.repeat(256) },
      field: 'Message-ID',
      value: `${long.slice(0, 200)}…`,
      allowed: id,
    },
    {
      title: 'a Message-ID with a slash',
      headers: { 'message-id': 'a/b' },
      field: 'Message-ID',
      allowed: id,
    },
    { title: 'a Message-ID of one dot', headers: { 'message-id': '.' }, field: 'Message-ID', allowed: id },
    { title: 'a Message-ID of two dots', headers: { 'message-id': '..' }, field: 'Message-ID', allowed: id },
    { title: 'a Message-ID with spaces', headers: { 'message-id': 'a b' }, field: 'Message-ID', allowed: id },
    {
      title: 'a Message-ID that is given in a list',
      headers: { 'message-id': 'a, b' },
      field: 'Message-ID',
      allowed: id,
    },
    { title: 'a Message-ID beyond ASCII', headers: { 'message-id': 'ä' }, field: 'Message-ID', allowed: id },
    {
      title: 'an Idempotency-Key with spaces',
      headers: { 'idempotency-key': '"a b"' },
      field: 'Idempotency-Key',
      value: 'a b',
      allowed: id,
    },
    {
      title: 'an Idempotency-Key that differs from the Message-ID',
      headers: { 'message-id': 'one', 'idempotency-key': '"other"' },
      field: 'Idempotency-Key',
      value: 'other',
      allowed: /^the same as Message-ID/u,
    },
    {
      title: 'a Request-Timeout of zero',
      headers: { 'request-timeout': '0' },
      field: 'Request-Timeout',
      allowed: timeout,
    },
    {
      title: 'a Request-Timeout in words',
      headers: { 'request-timeout': 'soon' },
      field: 'Request-Timeout',
      allowed: timeout,
    },
    {
      title: 'a Request-Timeout of centuries',
      headers: { 'request-timeout': '99999999999' },
      field: 'Request-Timeout',
      allowed: timeout,
    },
    {
      title: 'a Message-Priority of ten',
      headers: { 'message-priority': '10' },
      field: 'Message-Priority',
      allowed: priority,
    },
    {
      title: 'a Project with a wildcard',
      headers: { project: 'a.>' },
      field: 'Project',
      allowed: /name of a topic/u,
    },
    {
      title: 'a Correl-ID with a backslash',
      headers: { 'correl-id': 'a\\b' },
      field: 'Correl-ID',
      allowed: /backslashes/u,
    },
    {
      title: 'an application header with a tab',
      headers: { 'x-note': 'a\tb' },
      field: 'header x-note',
      allowed: /control characters/u,
    },
  ];

  for (const { title, headers, field, value, allowed } of cases) {
    it(`${title} is refused with its field, its value and what is allowed; nothing is stored or sent`, async () => {
      const queue = uniqueName('bad-headers');
      const received = await bench.listen(queue);
      const fault = faultOf(await bench.ask(queue, headers), 400, 'INVALID_REQUEST');
      expect(fault.field).to.equal(field);
      expect(fault.value).to.equal(value ?? Object.values(headers)[0]);
      expect(fault.allowed).to.match(allowed);
      await bench.expectNothingHappened(queue, received);
    });
  }

  happens(
    'HTTP',
    'several wrong headers',
    '400 that names each of them, nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-headers');
      const received = await bench.listen(queue);
      const answer = await bench.ask(queue, {
        time: 'now',
        prefer: 'wait=x',
        'message-id': 'a/b',
        'message-priority': 'high',
        'request-timeout': '-1',
      });
      const { problems = [] } = problemOf(answer, 400, 'INVALID_REQUEST');
      expect(problems.map(({ field }) => field)).to.have.members([
        'Time',
        'Prefer',
        'Message-ID',
        'Message-Priority',
        'Request-Timeout',
      ]);
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'more than 100 headers that travel with the message',
    '400 that says how many there may be, nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-headers');
      const received = await bench.listen(queue);
      const many = Object.fromEntries(Array.from({ length: 101 }, (_, index) => [`x-${index}`, 'v']));
      const fault = faultOf(await bench.ask(queue, many), 400, 'INVALID_REQUEST');
      expect(fault).to.deep.equal({
        field: 'X- headers',
        value: '101',
        allowed: 'at most 100 headers that travel with the message',
      });
      await bench.expectNothingHappened(queue, received);
    },
  );

  happens(
    'HTTP',
    'a line end in a Message-ID',
    'what follows it is another header, never another message; both are checked, nothing stored or sent',
    async () => {
      const queue = uniqueName('bad-headers');
      const received = await bench.listen(queue);
      const lines = ['Message-ID: injected/1', 'Time: tomorrow'].join('\r\n');
      const answer = await rawCall(bench.port, rawRequest(`POST /requests/${queue}`, [lines], '{}'));
      const { problems = [] } = problemOf(answer, 400, 'INVALID_REQUEST');
      expect(problems.map(({ field }) => field)).to.have.members(['Message-ID', 'Time']);
      await bench.expectNothingHappened(queue, received);
    },
  );

  it('what is no HTTP at all gets 400, and the connection is closed', async () => {
    const connection = await openRawHttp(bench.port);
    connection.write('CONNECT-ME please\r\n\r\n');
    const fault = faultOf(await connection.answer(), 400, 'INVALID_REQUEST');
    expect(fault.field).to.equal('HTTP');
    expect(fault.allowed).to.equal('a call of HTTP/1.1');
    await connection.closed();
    connection.destroy();
    expect((await call(`${bench.url}/livez`)).status).to.equal(200);
  });

  happens(
    'HTTP',
    'bytes without sense behind a call that waits for its reply',
    'the call gets its reply, then 400 and the end of the connection',
    async () => {
      const queue = uniqueName('bad-headers');
      const received = await bench.listen(queue);
      const connection = await openRawHttp(bench.port);
      bench.expected(queue);
      const first = rawRequest(`POST /requests/${queue}`, [`Message-ID: ${queue}`, 'Prefer: wait=10'], '{}');
      connection.write(`${first}rubbish\r\n\r\n`);
      await until(() => received.length === 1, { what: 'the message of the first' });
      expect(connection.rest()).to.equal('');
      await bench.reply(received[0]!, 'the reply');
      const answer = await connection.answer();
      expect([answer.status, answer.text()]).to.deep.equal([200, 'the reply']);
      problemOf(await connection.answer(), 400, 'INVALID_REQUEST');
      await connection.gone();
    },
  );

  it('an empty header counts as absent', async () => {
    const queue = uniqueName('bad-headers-empty');
    const received = await bench.listen(queue);
    const empty = Object.fromEntries(
      ['time', 'reply-to', 'prefer', 'project', 'message-priority'].map((name) => [name, '']),
    );
    const answer = await post(`${bench.url}/requests/${queue}`, '{}', {
      ...empty,
      'message-id': '/',
      'request-timeout': '',
    });
    expect(faultOf(answer, 400, 'INVALID_REQUEST').field).to.equal('Message-ID');
    await bench.expectNothingHappened(queue, received);
  });
});
