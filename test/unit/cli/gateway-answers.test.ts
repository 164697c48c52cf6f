import { expect } from 'chai';
import type { IncomingMessage } from 'node:http';
import { answerBench } from '../../support/answer-bench.js';

/** Commands that speak HTTP, against answers that a good gateway does not give, or not yet. */
describe('what the commands make of an answer', () => {
  const bench = answerBench();
  const { run, problem } = bench;

  it('takes the exit code from the code of a problem, whatever its status', async () => {
    problem(404, { code: 'REQUEST_EXPIRED', title: 'Expired.', detail: 'it expired' });
    expect(await run(['status', 'x'])).to.deep.equal({ code: 5, stdout: '', stderr: 'error: it expired\n' });
  });

  it('tells a code that it does not know, and ends with 1', async () => {
    problem(451, { code: 'OF_TOMORROW', title: 'New.', detail: 'not today' });
    expect(await run(['status', 'x'])).to.include({ code: 1, stderr: 'error: OF_TOMORROW: not today\n' });
  });

  it('does not end as if it were cancelled when a request that has ended cannot be', async () => {
    problem(409, { code: 'REQUEST_ENDED', title: 'Ended.', detail: 'the request was replied' });
    expect(await run(['cancel', 'x'])).to.include({ code: 1, stderr: 'error: the request was replied\n' });
    problem(409, { code: 'REQUEST_CANCELLED', title: 'Cancelled.', detail: 'it was cancelled' });
    expect(await run(['request', 'q', '-d', 'x'])).to.include({ code: 6 });
  });

  it('says of a header that may not travel when it does', async () => {
    bench.answer = (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    const given = ['-H', 'X-One: 1', '-H', 'Foo: bar', '-H', 'traceparent: 00-1-2-01'];
    const outcome = await run(['request', 'q', '-d', 'x', ...given]);
    expect(outcome).to.deep.equal({
      code: 0,
      stdout: 'ok',
      stderr:
        "warning: -H 'foo' travels only where the route of the queue names it in forwardHeaders; headers that begin with X- always do\n",
    });
    expect(bench.seen[0]?.headers['foo']).to.equal('bar');
  });

  it('tells every problem with its field', async () => {
    problem(400, {
      code: 'INVALID_REQUEST',
      title: 'Bad.',
      detail: 'Prefer: no',
      problems: [
        { field: 'Prefer', value: 'x', allowed: 'seconds' },
        { field: 'Time', allowed: 'milliseconds' },
        7,
      ],
    });
    const { code, stderr } = await run(['request', 'q', '-d', 'x']);
    expect(code).to.equal(2);
    expect(stderr).to.match(/^error: .*\n {2}Prefer 'x': seconds\n {2}Time: milliseconds\n$/u);
  });

  it('names the variables of the token where the gateway asks who calls', async () => {
    problem(401, {
      code: 'NOT_AUTHENTICATED',
      title: 'No token.',
      detail: 'Authorization: Bearer and a token',
      problems: [{ field: 'Authorization', allowed: 'Bearer and a token' }],
    });
    for (const command of [['list'], ['status', 'x'], ['request', 'q', '-d', 'x']]) {
      const { code, stderr } = await run(command);
      expect(stderr).to.match(
        /^error: .*\n {2}Authorization: Bearer and a token\n {2}REPLYTO_TOKEN or REPLYTO_TOKEN_FILE: a token that this gateway knows\n$/u,
      );
      expect(code).to.equal(2);
    }
  });

  it('says that no gateway is there when a proxy or somebody else answers', async () => {
    bench.answer = (response) =>
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>');
    expect(await run(['status', 'x'])).to.include({ code: 7, stdout: '' });
    bench.answer = (response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
    for (const command of [['status', 'x'], ['cancel', 'x'], ['list']]) {
      const { code, stderr } = await run(command);
      expect(stderr).to.contain('is a replyto gateway at that address?');
      expect(code).to.equal(7);
    }
  });

  it('says that the request may have been accepted when the connection breaks in the middle', async () => {
    bench.answer = (response) => response.destroy();
    const { code, stderr } = await run(['request', 'q', '-d', 'x', '--message-id', 'mine']);
    expect(code).to.equal(7);
    expect(stderr).to.contain('repeat it with --message-id mine: it is not sent twice');
  });

  it('says that an event may have been stored when the connection breaks in the middle, and not when none was made', async () => {
    bench.answer = (response) => response.destroy();
    const publish = ['publish-status', 'p', '-s', 'a', '-k', 'log', '--id', 'mine'];
    const { code, stdout, stderr } = await run(publish);
    expect({ code, stdout }).to.deep.equal({ code: 7, stdout: '' });
    expect(stderr).to.contain('repeat it with --id mine: it is not told twice');
    const nowhere = await run(publish, { environment: { REPLYTO_URL: 'http://127.0.0.1:1' } });
    expect(nowhere.code).to.equal(7);
    expect(nowhere.stderr).not.to.contain('--id');
  });

  it('takes an event for stored only when the gateway says so', async () => {
    const publish = ['publish-status', 'p', '-s', 'a', '-k', 'log', '--id', 'mine'];
    for (const status of [200, 201, 202]) {
      for (const body of ['<h1>Welcome</h1>', '{}', '{"id":"another"}']) {
        bench.answer = (response) => response.writeHead(status).end(body);
        for (const form of ['text', 'json']) {
          const { code, stdout, stderr } = await run([...publish, '-o', form]);
          expect({ code, stdout }, `${status} ${body}`).to.deep.equal({ code: 7, stdout: '' });
          expect(stderr).to.contain('is a replyto gateway at that address?');
        }
      }
    }
    bench.answer = (response) => response.writeHead(200).end('{"id":"mine"}');
    expect((await run(publish)).code).to.equal(7);
    bench.answer = (response) => response.writeHead(202).end('{"id":"mine","project":"p","subject":"a"}');
    expect(await run(publish)).to.deep.equal({ code: 0, stdout: 'mine\n', stderr: '' });
  });

  it('names the address that a redirect leads to, because it is not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      bench.answer = (response) => response.writeHead(status, { location: 'https://gw.example/' }).end();
      for (const given of [
        ['publish-status', 'p', '-s', 'a', '-k', 'log'],
        ['request', 'q', '-d', 'x'],
        ['status', 'x'],
        ['watch', 'x'],
      ]) {
        const { code, stdout, stderr } = await run(given);
        expect({ code, stdout }, given[0]).to.deep.equal({ code: 7, stdout: '' });
        expect(stderr).to.match(
          /^error: .*status \d{3}, which leads to https:\/\/gw\.example\/; write .* in --url or REPLYTO_URL\n$/u,
        );
      }
    }
  });

  it('gives the id to repeat an event with also when a proxy answers for the gateway', async () => {
    for (const status of [500, 502, 504, 520, 524]) {
      bench.answer = (response) => response.writeHead(status).end('<h1>Sorry</h1>');
      const { code, stderr } = await run(['publish-status', 'p', '-s', 'a', '-k', 'log']);
      expect(code, String(status)).to.equal(7);
      expect(stderr).to.match(/repeat it with --id [0-9a-f-]{36}: it is not told twice/u);
    }
  });

  it('gives the id to repeat an event with when the gateway itself fails, and not when it took nothing', async () => {
    for (const [status, code, hasHint] of [
      [500, 'INTERNAL', true],
      [500, 'OF_TOMORROW', true],
      [503, 'STORE_UNAVAILABLE', false],
      [503, 'SHUTTING_DOWN', false],
    ] as const) {
      bench.answer = (response) =>
        response
          .writeHead(status, { 'content-type': 'application/problem+json' })
          .end(JSON.stringify({ code, title: 'Sorry.' }));
      const { stderr } = await run(['publish-status', 'p', '-s', 'a', '-k', 'log', '--id', 'mine']);
      expect(stderr.includes('repeat it with --id mine: it is not told twice'), code).to.equal(hasHint);
    }
  });

  it('can be tried again after each answer with which a proxy says that it is not the time', async () => {
    for (const status of [408, 425, 429, 500, 502, 503, 504, 520, 522]) {
      bench.answer = (response) =>
        response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>Sorry</h1>');
      expect((await run(['status', 'x'])).code, String(status)).to.equal(7);
    }
    bench.answer = (response) =>
      response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>None</h1>');
    expect((await run(['status', 'x'])).code).to.equal(1);
  });

  it('asks a gateway that goes away at the end of a request until it says how it ended', async () => {
    let calls = 0;
    bench.answer = (response, { url: path }) => {
      const document = JSON.stringify({ id: 'x', status: 'faulted', createdAt: '2026-01-01T00:00:00Z' });
      calls += 1;
      if (path?.includes('/events') === true) response.writeHead(204).end();
      else if (calls === 3) response.destroy();
      else if (calls === 4) response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Sorry</h1>');
      else if (path?.endsWith('/reply') !== true) response.writeHead(200).end(document);
      else {
        const fault = {
          code: 'REPLY_FAULT',
          title: 'Fault.',
          fault: { code: 'NO_STOCK', message: 'none left' },
        };
        response.writeHead(500, { 'content-type': 'application/problem+json' }).end(JSON.stringify(fault));
      }
    };
    const { code, stderr } = await run(['watch', 'x', '--request']);
    expect(code).to.equal(4);
    expect(stderr).to.match(
      /^lost the gateway \(.+\); trying until it is back\nerror: .*NO_STOCK: none left\n$/u,
    );
    expect(calls).to.equal(6);
  });

  it('sends no data where an empty text is given as data, which is what the hint about a slow pipe advises', async () => {
    let body = '';
    bench.answer = (response) => response.writeHead(202).end('{"id":"mine"}');
    bench.server.prependListener('request', (request: IncomingMessage) => {
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    });
    const publish = ['publish-status', 'p', '-s', 'a', '-k', 'log', '--id', 'mine', '-d', ''];
    expect(await run(publish, { input: 'piped' })).to.include({ code: 0, stderr: '' });
    expect(JSON.parse(body)).to.deep.equal({ id: 'mine', subject: 'a', kind: 'log' });
  });

  it('refuses a name that is empty, with its field', async () => {
    for (const [given, says] of [
      [['watch', ''], /name '': /u],
      [['publish-status', '', '-s', 'a', '-k', 'log'], /project '': /u],
    ] as const) {
      const { code, stderr } = await run(given);
      expect(code).to.equal(2);
      expect(stderr).to.match(says);
    }
    expect(bench.seen).to.deep.equal([]);
  });

  it('sends what was asked for as the headers of the API, in UTF-8, and the token as bearer', async () => {
    bench.answer = (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    const given = [
      'request',
      'größe',
      ...[
        '-d',
        '{"a":1}',
        '--wait',
        '7',
        '--reply-to',
        'Größe Antwort',
        '--message-id',
        'm1',
        '--correl-id',
        'c1',
      ],
      ...['--project', 'p1', '--timeout', '60', '--priority', '9', '-H', 'X-One: 1', '-H', 'x-two: ü'],
    ];
    expect(await run(given, { environment: { REPLYTO_TOKEN: 't0ken' } })).to.include({
      code: 0,
      stdout: 'ok',
    });
    const [request] = bench.seen;
    expect(request?.url).to.equal('/requests/gr%C3%B6%C3%9Fe');
    const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
    expect(request?.headers).to.include({
      'content-type': 'application/json',
      prefer: 'wait=7',
      'reply-to': utf8('Größe Antwort'),
      'message-id': 'm1',
      'correl-id': 'c1',
      project: 'p1',
      'request-timeout': '60',
      'message-priority': '9',
      'x-one': '1',
      'x-two': utf8('ü'),
      authorization: 'Bearer t0ken',
    });
  });

  it('refuses what no header can carry, all at once, before anything is sent', async () => {
    const { code, stderr } = await run([
      'request',
      'a/b',
      '-d',
      'x',
      '--correl-id',
      'a\nb',
      '--project',
      ' p',
    ]);
    expect(code).to.equal(2);
    expect(stderr).to.match(/queue 'a\/b'[^]*--correl-id 'a\nb'[^]*--project ' p'/u);
    expect(bench.seen).to.deep.equal([]);
  });

  it('waits as long as the gateway allows, unless it is told otherwise', async () => {
    bench.answer = (response) => response.writeHead(200).end();
    await run(['request', 'q', '-d', 'x']);
    await run(['request', 'q', '-d', 'x', '--async']);
    await run(['request', 'q', '-d', 'x', '--reply-to', 'r']);
    expect(bench.seen.map(({ headers }) => headers['prefer'])).to.deep.equal([
      'wait=3600',
      'respond-async',
      undefined,
    ]);
    expect(bench.seen[0]?.headers['authorization']).to.equal(undefined);
  });

  it('goes on waiting when the gateway allows less than what was asked for', async () => {
    const accepted = JSON.stringify({ id: 'm1', status: 'sent' });
    bench.answer = (response, { method }) => {
      if (method === 'POST') response.writeHead(202, { 'message-id': 'm1' }).end(accepted);
      else response.writeHead(200, { 'content-type': 'text/plain' }).end('late but there');
    };
    const outcome = await run(['request', 'q', '-d', 'x', '--wait', '30', '--message-id', 'm1']);
    expect(outcome).to.deep.equal({ code: 0, stdout: 'late but there', stderr: '' });
    expect(bench.seen.map((request) => request.url)).to.deep.equal(['/requests/q', '/requests/m1/reply']);
    expect(bench.seen[1]?.headers['prefer']).to.match(/^wait=(?:28|29|30)$/u);
  });

  it('waits for an answer although the longest timer of Node is shorter than the wait', async () => {
    bench.answer = (response) => {
      setTimeout(() => response.writeHead(200, { 'content-type': 'text/plain' }).end('{}'), 50);
    };
    const month = 30 * 86_400;
    expect(await run(['request', 'q', '-d', 'x', '--wait', String(month)])).to.include({
      code: 0,
      stdout: '{}',
    });
    expect(await run(['status', 'x', '--wait', String(month)])).to.include({ code: 0, stderr: '' });
    expect(bench.seen.map(({ headers }) => headers['prefer'])).to.deep.equal([
      `wait=${month}`,
      `wait=${month}`,
    ]);
  });

  it('names for a request without a reply only the command that shows its status', async () => {
    const accepted = JSON.stringify({ id: 'm1', status: 'accepted' });
    bench.answer = (response) => response.writeHead(202, { 'message-id': 'm1' }).end(accepted);
    for (const none of ['none', 'NONE']) {
      const { code, stdout, stderr } = await run(['request', 'q', '-d', 'x', '--reply-to', none]);
      expect(code).to.equal(0);
      expect(JSON.parse(stdout)).to.include({ id: 'm1' });
      expect(stderr).to.equal('No reply is expected. What becomes of it:\n  replyto status m1\n');
    }
    const named = await run(['request', 'q', '-d', 'x', '--reply-to', 'Reply Queue']);
    expect(named.stderr).to.contain('replyto status m1 --reply --wait 60');
  });

  it('keeps the path of the address, and refuses addresses with a login without showing it', async () => {
    bench.answer = (response) => response.writeHead(200).end('{"requests":[]}');
    await run(['list', '--url', `${bench.url}/behind/proxy/`]);
    expect(bench.seen[0]?.url).to.equal('/behind/proxy/requests');
    const { code, stderr } = await run(['list'], {
      environment: { REPLYTO_URL: 'http://ada:secret@127.0.0.1' },
    });
    expect(code).to.equal(2);
    expect(stderr).to.contain('REPLYTO_URL').and.not.to.contain('secret');
  });

  it('shows text of others harmlessly on a terminal, and as it is in a pipe', async () => {
    bench.answer = (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('a\u001b[2Jb');
    expect((await run(['request', 'q', '-d', 'x'])).stdout).to.equal('a\u001b[2Jb');
    expect((await run(['request', 'q', '-d', 'x'], { isTerminal: true })).stdout).to.equal('a\\u001b[2Jb\n');
    const stored = JSON.stringify({ id: 'mine', project: 'p', subject: 'a\u009b2J\u009d52;c;x\u009c' });
    bench.answer = (response) => response.writeHead(202).end(stored);
    const publish = ['publish-status', 'p', '-s', 'a', '-k', 'log', '--id', 'mine', '-o', 'json'];
    // Both are the same to a program that reads JSON.
    for (const isTerminal of [true, false]) {
      const { stdout } = await run(publish, { isTerminal });
      expect(stdout)
        .to.contain('a\\u009b2J\\u009d52;c;x\\u009c')
        .and.not.to.match(/[\u0080-\u009f]/u);
      expect(JSON.parse(stdout)).to.deep.equal(JSON.parse(stored));
    }
    bench.answer = (response) => response.writeHead(200).end(Buffer.from([0xff, 0xfe]));
    expect((await run(['request', 'q', '-d', 'x'], { isTerminal: true })).stdout).to.match(/^\(2 bytes/u);
  });

  it('says that a port speaks no TLS, and what to write instead', async () => {
    const REPLYTO_URL = bench.url.replace('http:', 'https:');
    const end = await run(['request', 'q', '-d', 'x'], { environment: { REPLYTO_URL } });
    expect(end).to.deep.equal({
      code: 7,
      stdout: '',
      stderr: `error: no answer from the gateway at ${REPLYTO_URL}: what listens there speaks no TLS; write ${bench.url} in --url or REPLYTO_URL\n`,
    });
  });

  it('says that the host is unknown instead of asking to start a gateway', async () => {
    const environment = { REPLYTO_URL: 'http://gateway.invalid:8080' };
    const { stderr } = await run(['request', 'q', '-d', 'x'], { environment });
    expect(stderr).to.match(
      /^error: no answer \S+ \S+ gateway at http:\/\/gateway\.invalid:8080: (?:no host of this name is known; correct the host in --url|its name cannot be resolved)/u,
    );
  });
});
