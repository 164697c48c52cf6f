import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CliEnd } from '../support/cli.js';
import { devBench, expectFailure, spawnCli, startCli } from '../support/cli.js';
import { uniqueName } from '../support/gateway.js';
import type { HttpAnswer } from '../support/http.js';
import { call, post } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import { until } from '../support/until.js';

interface Received {
  readonly messageId: string;
  readonly body: unknown;
}

function receivedIn(text: string): Received[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Received);
}

/** Neither running nor only waiting for somebody to read its exit code. */
function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
}

describe('the commands that work at the broker', function () {
  this.timeout(60_000);
  const bench = devBench();
  const { run } = bench;

  /** One message, sooner than by the command. */
  async function put(queue: string, body: string): Promise<void> {
    const answer = await post(`${bench.dev.url}/requests/${queue}`, body, { 'reply-to': 'none' });
    expect(answer.status, answer.text()).to.equal(202);
  }

  describe('replyto send and consume', () => {
    it('put a message on a queue and take it off again, with all that it has', async () => {
      const queue = uniqueName('mail');
      const sent = await run([
        'send',
        queue,
        '-d',
        '{"a":1}',
        '-H',
        'X-Colour: blue',
        '--reply-to',
        'Back',
        '--correl-id',
        'c-1',
      ]);
      expect(sent).to.include({ code: 0, stderr: '' });
      const messageId = sent.stdout.trim();
      const { code, stdout } = await run(['consume', queue, '--count', '1', '-o', 'json']);
      expect(code).to.equal(0);
      const [message] = receivedIn(stdout);
      expect(message).to.deep.include({
        messageId,
        correlId: 'c-1',
        replyTo: 'Back',
        contentType: 'application/json',
        headers: { 'x-colour': 'blue' },
        body: { a: 1 },
      });
      expect(message).to.have.property('time').that.is.a('number');
      expect(await run(['consume', queue, '--wait', '1'])).to.include({ code: 3, stdout: '' });
    });

    it('print a message as a block of headers and the body, bytes unharmed', async () => {
      const queue = uniqueName('bytes');
      const bytes = Buffer.from([1, 2, 255]);
      const { stdout: id } = await run(['send', queue], { input: bytes });
      const child = spawnCli(['consume', queue, '--count', '1'], bench.dev.env);
      await until(() => child.exitCode !== null, { what: 'its end' });
      const [head, body] = child.saidBytes().toString('latin1').split('\n\n');
      expect(head).to.match(new RegExp(`^Message-ID: ${id.trim()}$`, 'mu'));
      expect(head)
        .to.match(/^Time: \d{4}-/mu)
        .and.to.match(/^Content-Type: application\/octet-stream$/mu);
      expect(Buffer.from(body ?? '', 'latin1')).to.deep.equal(bytes);
    });

    it('end with 3 when nothing came within the wait, and with 0 when something did', async () => {
      const queue = uniqueName('quiet');
      const nothing = await run(['consume', queue, '--wait', '1']);
      expect(nothing.code).to.equal(3);
      expect(nothing.stderr).to.equal(`error: no message came from '${queue}' within 1 s\n`);
      await put(queue, 'one');
      expect(await run(['consume', queue, '--wait', '1'])).to.include({ code: 0, stderr: '' });
    });

    it('follow a queue until Ctrl-C', async () => {
      const queue = uniqueName('followed');
      const follower = startCli(['consume', queue, '-o', 'json'], { env: bench.dev.env });
      await Promise.all(['one', 'two'].map((text) => put(queue, text)));
      await until(() => follower.stdout().split('\n').length === 3, { what: 'two lines' });
      follower.kill('SIGINT');
      expect(await follower.exited).to.deep.equal({ code: 0, signal: null });
      expect(receivedIn(follower.stdout()).map(({ body }) => body)).to.have.members(['one', 'two']);
      expect(follower.stderr()).to.equal('');
    });

    it('end quietly when the reader goes away, and leave what was not read on the queue', async () => {
      const queue = uniqueName('piped');
      // More than a pipe holds, so that none can be written whole before the reader goes.
      const large = 'x'.repeat(300_000);
      await Promise.all(['1', '2', '3'].map((number) => put(queue, `${number}${large}`)));
      const child = spawnCli(['consume', queue], bench.dev.env);
      let complaint = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
      child.stdout.once('data', () => child.stdout.destroy());
      await until(() => child.exitCode !== null, { what: 'its end' });
      expect(child.exitCode).to.equal(0);
      expect(complaint).to.equal('');
      const { stdout } = await run(['consume', queue, '--count', '3', '--wait', '5', '-o', 'json']);
      const left = receivedIn(stdout).map(({ body }) => String(body).slice(0, 1));
      expect(left).to.have.members(['1', '2', '3']);
    });

    it('warn of the queues of the product', async () => {
      const end = await run(['consume', 'replyto.invalid', '--wait', '0']);
      expect(end.code).to.equal(3);
      expect(end.stderr).to.match(/^warning: 'replyto\.invalid' is a queue of the product/u);
    });

    for (const { what, parameters, code, says } of [
      {
        what: 'a broker that is away',
        parameters: ['--broker-url', 'stomp://127.0.0.1:1'],
        code: 7,
        says: /stomp:\/\/127\.0\.0\.1:1[^]*--broker-url or BROKER_URL/u,
      },
      {
        what: 'no address at all',
        parameters: ['--broker-url', 'http://x'],
        code: 2,
        says: /--broker-url 'http:\/\/x'/u,
      },
      {
        what: 'a prefix that is none',
        parameters: ['--prefix', 'no prefix'],
        code: 2,
        says: /--prefix 'no prefix'/u,
      },
    ]) {
      it(`say what is wrong with ${what}`, async () => {
        const [sent, consumed] = await Promise.all([
          run(['send', 'q', '-d', 'x', ...parameters]),
          run(['consume', 'q', ...parameters]),
        ]);
        for (const end of [sent, consumed]) expectFailure(end, { code, says });
      });
    }
  });

  describe('replyto reply', () => {
    const services: RunningProcess[] = [];

    afterEach(async () => {
      await Promise.all(services.splice(0).map((service) => service.stop()));
    });

    async function serve(queue: string, parameters: readonly string[]): Promise<RunningProcess> {
      const service = startCli(['reply', queue, ...parameters], { env: bench.dev.env });
      services.push(service);
      await service.line(/answering requests/u);
      return service;
    }

    function ask(queue: string, body: string, headers: Record<string, string> = {}): Promise<HttpAnswer> {
      return post(`${bench.dev.url}/requests/${queue}`, body, { prefer: 'wait=20', ...headers });
    }

    it('echoes body and content type', async () => {
      const queue = uniqueName('echo');
      await serve(queue, ['--echo']);
      const answer = await ask(queue, 'a,b', { 'content-type': 'text/csv' });
      expect(answer.text()).to.equal('a,b');
      expect(answer.headers['content-type']).to.equal('text/csv');
    });

    it('refuses a queue of the product, and says nothing else', async () => {
      const end = await run(['reply', 'replyto.replies', '--echo']);
      expect(end.code).to.equal(2);
      expect(end.stderr).to.equal(
        "error: What this command was given is not acceptable.\n  queue 'replyto.replies': a queue that belongs neither to the product (replyto.*) nor to the broker (ActiveMQ.*, amq.*, $*)\n",
      );
    });

    it('gives a program the body on stdin and the message in its environment, and replies with its output', async () => {
      const queue = uniqueName('program');
      const program = 'tr a-z A-Z; echo; env | grep ^REPLYTO_ | sort';
      await serve(queue, ['--exec', program, '--content-type', 'text/plain']);
      const answer = await ask(queue, 'shout', {
        'content-type': 'text/x-quiet',
        'message-id': queue,
        'correl-id': 'talk',
        'x-tenant': 'a "b" $c',
      });
      expect(answer.headers['content-type']).to.equal('text/plain');
      const [first, ...variables] = answer.text().trim().split('\n');
      expect(first).to.equal('SHOUT');
      expect(variables).to.include.members([
        `REPLYTO_MESSAGE_ID=${queue}`,
        `REPLYTO_QUEUE=${queue}`,
        'REPLYTO_CONTENT_TYPE=text/x-quiet',
        'REPLYTO_ATTEMPT=1',
        'REPLYTO_CONVERSATION_ID=talk',
        'REPLYTO_HEADER_X_TENANT=a "b" $c',
      ]);
    });

    it('answers with a Fault when the program ends with 64, without trying again', async () => {
      const queue = uniqueName('fault');
      const service = await serve(queue, ['--exec', 'echo "no such customer" >&2; exit 64']);
      const answer = await ask(queue, 'x');
      expect(answer.status).to.equal(502);
      expect(answer.json()['fault']).to.include({
        code: 'EXIT_64',
        message: 'no such customer',
        retryable: false,
      });
      expect(service.stderr().match(/no such customer/gu)).to.have.length(1);
    });

    it('tries again after any other exit code, and fails at the end', async () => {
      const queue = uniqueName('retried');
      const failing = uniqueName('failing');
      const [, broken] = await Promise.all([
        serve(queue, ['--exec', 'test "$REPLYTO_ATTEMPT" = 2 && echo second || exit 3']),
        serve(failing, ['--exec', 'echo broken >&2; exit 3', '--attempts', '1']),
      ]);
      expect((await ask(queue, 'x')).text()).to.equal('second\n');
      const answer = await ask(failing, 'x');
      expect(answer.json()['fault']).to.include({ code: 'SERVICE_FAILED' });
      // What went wrong inside is for those who run the service, not for the caller.
      expect(answer.text()).to.not.contain('broken');
      expect(broken.stderr()).to.contain('exit code 3: broken');
    });

    it('ends a program and all that it started when its request is cancelled', async () => {
      const queue = uniqueName('cancelled');
      const file = join(bench.dev.dataDir, queue);
      // The child of the shell does not end by itself, and holds the pipes.
      await serve(queue, ['--exec', `sleep 300 & echo $! > ${file}; wait`]);
      await post(`${bench.dev.url}/requests/${queue}`, 'x', { prefer: 'respond-async', 'message-id': queue });
      const pid = Number(
        await until(() => existsSync(file) && readFileSync(file, 'utf8'), {
          what: 'the program',
        }),
      );
      expect(isAlive(pid)).to.equal(true);
      await call(`${bench.dev.url}/requests/${queue}`, { method: 'DELETE' });
      await until(() => !isAlive(pid), { what: 'the end of what the program started' });
    });

    it('ends a program that takes longer than it may', async () => {
      const queue = uniqueName('long');
      const file = join(bench.dev.dataDir, queue);
      await serve(queue, ['--exec', `echo $$ > ${file}; sleep 300`, '--timeout', '1', '--attempts', '1']);
      const answer = await ask(queue, 'x');
      expect(answer.json()['fault']).to.include({ code: 'SERVICE_FAILED' });
      const pid = Number(readFileSync(file, 'utf8'));
      await until(() => !isAlive(pid), { what: 'the end of the program' });
    });

    it('finishes what runs after Ctrl-C, and takes nothing new', async () => {
      const queue = uniqueName('finishing');
      const file = join(bench.dev.dataDir, queue);
      const service = await serve(queue, ['--exec', `echo started >> ${file}; sleep 1; echo done`]);
      const answer = ask(queue, 'x');
      await until(() => existsSync(file), { what: 'the program' });
      service.kill('SIGINT');
      await service.line(/finishing 1 under way/u);
      await post(`${bench.dev.url}/requests/${queue}`, 'later', { prefer: 'respond-async' });
      expect(await service.exited).to.deep.equal({ code: 0, signal: null });
      expect((await answer).text()).to.equal('done\n');
      expect(readFileSync(file, 'utf8')).to.equal('started\n');
    });

    it('ends at once by a second signal, and its programs with it; the request goes to the next service', async () => {
      const queue = uniqueName('twice');
      const file = join(bench.dev.dataDir, queue);
      const service = await serve(queue, ['--exec', `echo $$ > ${file}; sleep 300`]);
      const answer = ask(queue, 'x');
      const pid = Number(
        await until(() => existsSync(file) && readFileSync(file, 'utf8'), {
          what: 'the program',
        }),
      );
      service.kill('SIGTERM');
      await service.line(/finishing/u);
      // One that follows at once is taken for the same Ctrl-C, so it is repeated until it counts.
      await until(
        () => {
          service.kill('SIGTERM');
          return service.hasExited();
        },
        // What runs would be finished for 25 s.
        { what: 'its end' },
      );
      expect(await service.exited).to.deep.equal({ code: 143, signal: null });
      await until(() => !isAlive(pid), { what: 'the end of the program' });
      await serve(queue, ['--echo']);
      expect((await answer).text()).to.equal('x');
    });

    it('asks for exactly one of --echo and --exec', async () => {
      const [none, both] = await Promise.all([
        run(['reply', 'q']),
        run(['reply', 'q', '--echo', '--exec', 'true']),
      ]);
      expect(none.code).to.equal(2);
      expect(none.stderr).to.contain('exactly one of the two');
      expect(both.code).to.equal(2);
      expect(both.stderr).to.contain('cannot be used with');
    });

    it('lets a program use the other commands', async () => {
      const queue = uniqueName('nested');
      const target = uniqueName('target');
      const command = `${process.execPath} --conditions=replyto-source --import tsx src/cli/main.ts send ${target}`;
      await serve(queue, ['--exec', command]);
      const answer = await ask(queue, 'passed on');
      expect(answer.status, answer.text()).to.equal(200);
      const { stdout } = await run(['consume', target, '-n', '1', '-o', 'json']);
      expect(receivedIn(stdout)[0]).to.include({ messageId: answer.text().trim(), body: 'passed on' });
    });
  });

  it('end quietly in a pipe whose reader goes away', async () => {
    const line = `set -o pipefail; ${process.execPath} --conditions=replyto-source --import tsx src/cli/main.ts config reference | head -n 1`;
    const end = await new Promise<CliEnd>((resolve) => {
      execFile('bash', ['--norc', '-c', line], { timeout: 20_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : 1, stdout, stderr }),
      );
    });
    expect(end).to.deep.equal({ code: 0, stdout: '# Configuration\n', stderr: '' });
  });
});
