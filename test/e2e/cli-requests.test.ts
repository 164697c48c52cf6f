import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { devBench, expectFailure, startCli } from '../support/cli.js';
import { uniqueName } from '../support/gateway.js';
import { call } from '../support/http.js';
import { until } from '../support/until.js';

describe('the commands that speak HTTP', function () {
  this.timeout(60_000);
  const bench = devBench();
  const { run } = bench;

  describe('replyto request', () => {
    it('prints the reply as it came, with nothing added', async () => {
      const end = await run(['request', 'demo.echo', '--data', '{"say":"hello"}']);
      expect(end).to.deep.equal({ code: 0, stdout: '{"say":"hello"}', stderr: '' });
    });

    it('sends what is piped into it, as JSON when it is JSON and else as text', async () => {
      const [json, text] = await Promise.all([
        run(['request', 'demo.echo', '-o', 'json'], { input: '[1,2]\n' }),
        run(['request', 'demo.echo', '-o', 'json'], { input: 'gruß\n' }),
      ]);
      expect(JSON.parse(json.stdout)).to.include({ status: 200, contentType: 'application/json' });
      expect(JSON.parse(json.stdout)).to.deep.include({ body: [1, 2] });
      expect(JSON.parse(text.stdout)).to.include({
        contentType: 'text/plain; charset=utf-8',
        body: 'gruß\n',
      });
    });

    it('gathers the replies of several queues, as many as are enough', async () => {
      const both = await run(['request', 'demo.echo', 'demo.faulty', '-d', 'x', '-o', 'json']);
      const { body } = JSON.parse(both.stdout) as { body: { replies: Record<string, unknown>[] } };
      expect(body.replies.map(({ queue, body: text = null }) => [queue, text])).to.deep.equal([
        ['demo.echo', 'x'],
        ['demo.faulty', null],
      ]);
      const id = uniqueName('several');
      const silent = uniqueName('silent');
      const parameters = ['request', silent, 'demo.echo', '-d', 'x', '--expect', '1', '--message-id', id];
      const end = await run([...parameters, '--stall', '60000', '--total', '90000']);
      expect(end).to.include({ code: 0, stderr: '' });
      expect(JSON.parse(end.stdout)).to.deep.include({ complete: true });
      const listed = await run(['list', '--parent', id]);
      expect(listed.stdout)
        .to.match(new RegExp(`sent .*${silent}`, 'u'))
        .and.match(/replied .*demo\.echo/u);
    });

    it('sends a file as bytes, and gives bytes as base64 in JSON', async () => {
      const bytes = Buffer.from([0, 255, 128, 10]);
      const file = join(bench.dev.dataDir, 'bytes.bin');
      writeFileSync(file, bytes);
      const { stdout } = await run(['request', 'demo.echo', '--data', `@${file}`, '-o', 'json']);
      const answer = JSON.parse(stdout) as Record<string, unknown>;
      expect(answer).to.include({
        contentType: 'application/octet-stream',
        bodyBase64: bytes.toString('base64'),
      });
      expect(answer['messageId']).to.be.a('string').and.not.equal(answer['correlId']);
      expect(answer['time']).to.be.a('number');
    });

    it('prints the status document when it does not wait, and says on stderr how to come back', async () => {
      const id = uniqueName('async');
      const { code, stdout, stderr } = await run([
        'request',
        'demo.echo',
        '--async',
        '--message-id',
        id,
        '--data',
        'x',
      ]);
      expect(code).to.equal(0);
      expect(JSON.parse(stdout)).to.include({ id, queue: 'demo.echo' });
      expect(stderr).to.contain(`status ${id} --reply`);
      const reply = await run(['status', id, '--reply', '--wait', '10']);
      expect(reply).to.deep.equal({ code: 0, stdout: 'x', stderr: '' });
    });

    it('ends with 7 and prints nothing on stdout when no reply came in time; the request can then be cancelled', async () => {
      const id = uniqueName('slow');
      const asked = await run(['request', 'demo.slow', '--wait', '1', '--message-id', id]);
      expect(asked.code).to.equal(7);
      expect(asked.stdout).to.equal('');
      expect(asked.stderr).to.contain(`"id": "${id}"`).and.to.contain(`status ${id}`);
      expect(asked.stderr).to.match(/^error: No reply came within the wait/mu);

      const [status, early] = await Promise.all([run(['status', id]), run(['status', id, '--reply'])]);
      expect(status.stdout)
        .to.match(/^status +sent$/mu)
        .and.to.match(/^queue +demo\.slow$/mu);
      expect(early.code).to.equal(7);
      const cancelled = await run(['cancel', id]);
      expect(cancelled.code).to.equal(0);
      expect(cancelled.stdout).to.match(/^status +cancelled$/mu);
      const [again, reply] = await Promise.all([
        run(['cancel', id, '-o', 'json']),
        run(['status', id, '--reply']),
      ]);
      expect(again.code).to.equal(0);
      expect(JSON.parse(again.stdout)).to.include({ id, status: 'cancelled' });
      expect(reply.code).to.equal(6);
      expect(reply.stderr).to.equal('error: The request was cancelled.\n');
    });

    it('says how to come back when Ctrl-C ends the wait; the request goes on', async () => {
      const id = uniqueName('interrupted');
      const child = startCli(['request', 'demo.slow', '--data', 'x', '--message-id', id], {
        env: bench.dev.env,
      });
      await until(async () => (await call(`${bench.dev.url}/requests/${id}`)).json()['status'] === 'sent', {
        what: 'the request at its service',
      });
      child.kill('SIGINT');
      expect((await child.exited).code).to.equal(6);
      expect(child.stdout()).to.equal('');
      expect(child.stderr()).to.contain(`status ${id} --reply`);
      expect((await call(`${bench.dev.url}/requests/${id}`)).json()['status']).to.equal('sent');
    });

    for (const { what, parameters, code, says } of [
      {
        what: 'a Fault',
        parameters: ['demo.faulty', '-d', 'x'],
        code: 4,
        says: /fault: DEMO_FAULT: this service/u,
      },
      {
        what: 'an expired request',
        parameters: ['nobody.answers', '-d', 'x', '--timeout', '1', '--wait', '10'],
        code: 5,
        says: /expired/u,
      },
      {
        what: 'a queue of the product',
        parameters: ['replyto.replies', '-d', 'x'],
        code: 2,
        says: /queue 'replyto\.replies'/u,
      },
      {
        what: 'a file that is not there',
        parameters: ['q', '-d', '@nowhere'],
        code: 2,
        says: /--data '@nowhere'/u,
      },
      {
        what: 'headers that are none',
        parameters: ['q', '-d', 'x', '-H', 'nonsense', '-H', 'Prefer: wait=1'],
        code: 2,
        says: /'nonsense'[^]*--wait/u,
      },
      {
        what: 'the rule of a gathering with one queue',
        parameters: ['q', '-d', 'x', '--expect', '1', '--stall', '500'],
        code: 2,
        says: /--expect '1'[^]*--stall '500'/u,
      },
      {
        what: 'an impossible id',
        parameters: ['q', '-d', 'x', '--message-id', 'a/b'],
        code: 2,
        says: /--message-id 'a\/b'/u,
      },
    ]) {
      it(`ends with ${code} for ${what}`, async () => {
        expectFailure(await run(['request', ...parameters]), { code, says });
      });
    }

    it('gives the whole answer in JSON, also of a Fault, besides its exit code', async () => {
      const end = await run(['request', 'demo.faulty', '-d', 'x', '-o', 'json']);
      expect(end.code).to.equal(4);
      const { status, body } = JSON.parse(end.stdout) as { status: number; body: Record<string, unknown> };
      expect(status).to.equal(422);
      expect(body).to.include({ code: 'REPLY_FAULT' });
    });

    it('refuses other content under the same id, and repeats the reply for the same', async () => {
      const id = uniqueName('twice');
      await run(['request', 'demo.echo', '-d', 'one', '--message-id', id]);
      const [same, other] = await Promise.all([
        run(['request', 'demo.echo', '-d', 'one', '--message-id', id, '-o', 'json']),
        run(['request', 'demo.echo', '-d', 'two', '--message-id', id]),
      ]);
      expect(JSON.parse(same.stdout)).to.include({ idempotentReplayed: true, body: 'one' });
      expect(other.code).to.equal(2);
      expect(other.stderr).to.match(/^error: [^]*message id/iu);
    });

    it('ends with 7 and the remedy where no gateway is', async () => {
      const end = await run(['request', 'demo.echo', '-d', 'x'], {
        env: { REPLYTO_URL: 'http://127.0.0.1:1' },
      });
      expect(end.code).to.equal(7);
      expect(end.stderr).to.contain('http://127.0.0.1:1').and.to.contain('REPLYTO_URL');
    });
  });

  describe('replyto status', () => {
    it('ends with 3 for an id that nobody knows', async () => {
      const end = await run(['status', 'nobody-knows']);
      expect(end).to.include({ code: 3, stdout: '' });
      expect(end.stderr).to.match(/^error: no request with the id 'nobody-knows'/u);
    });
  });

  describe('replyto list', () => {
    it('shows requests by filter, the newest first, as a table and as JSON with the next page', async () => {
      const queue = uniqueName('listed');
      const ids = ['a', 'b', 'c'].map((letter) => uniqueName(letter));
      for (const id of ids) {
        await call(`${bench.dev.url}/requests/${queue}`, {
          method: 'POST',
          headers: { 'message-id': id, prefer: 'respond-async' },
        });
      }
      const [table, json] = await Promise.all([
        run(['list', '--queue', queue]),
        run(['list', '--queue', queue, '--limit', '2', '-o', 'json']),
      ]);
      const rows = table.stdout.trim().split('\n');
      expect(rows[0]).to.match(/^ID +STATUS +PROGRESS +CREATED +QUEUE$/u);
      expect(rows.slice(1).map((row) => row.split(/\s+/u)[0])).to.deep.equal([...ids].reverse());
      const page = JSON.parse(json.stdout) as { requests: { id: string }[]; next: string };
      expect(page.requests.map(({ id }) => id)).to.deep.equal([ids[2], ids[1]]);
      expect(page.next).to.equal(ids[1]);
      const rest = await run(['list', '--queue', queue, '--before', page.next, '-o', 'json']);
      expect((JSON.parse(rest.stdout) as typeof page).requests.map(({ id }) => id)).to.deep.equal([ids[0]]);
    });
  });
});
