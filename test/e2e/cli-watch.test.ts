import { expect } from 'chai';
import { cli, expectFailure, spawnCli, startCli } from '../support/cli.js';
import type { CliEnd } from '../support/cli.js';
import { uniqueName } from '../support/gateway.js';
import { call, post } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import type { ServedGateway } from '../support/served-gateway.js';
import { serveGateway } from '../support/served-gateway.js';
import { skip } from '../support/skip.js';
import { ctrlC, noTerminalReason, screenOf, startOnTerminal } from '../support/terminal.js';
import { until, within } from '../support/until.js';

/** `replyto watch`, as programs and people run it. */
describe('replyto watch', function () {
  this.timeout(120_000);
  let gateway: ServedGateway;
  let started: RunningProcess[];
  let project: string;

  before(async () => {
    gateway = await serveGateway({ settings: { REPLYTO_RETENTION__STATUS_EVENTS: '100' } });
  });
  after(() => gateway.remove());
  beforeEach(() => {
    started = [];
    project = uniqueName('project');
  });
  afterEach(() => Promise.all(started.map((child) => child.stop())));

  const environment = (): Record<string, string> => ({ REPLYTO_URL: gateway.url });

  function start(...parameters: readonly string[]): RunningProcess {
    const child = startCli(['watch', ...parameters], { env: environment() });
    started.push(child);
    return child;
  }

  function run(...parameters: readonly string[]): Promise<CliEnd> {
    return cli(['watch', ...parameters], { env: environment() });
  }

  async function publish(subject: string, more: object = {}, to = project): Promise<void> {
    const event = { subject, kind: 'progress', ...more };
    const { status } = await post(`${gateway.url}/status/${to}`, JSON.stringify(event), {
      'content-type': 'application/json',
    });
    expect(status).to.equal(202);
  }

  async function ask(id: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
    const answer = await post(`${gateway.url}/requests/${uniqueName('nobody')}`, 'x', {
      'message-id': id,
      prefer: 'respond-async',
      ...headers,
    });
    expect(answer.status).to.equal(202);
  }

  /** One who follows a project from its newest event on; known to do so by an event about nothing. */
  async function following(): Promise<RunningProcess> {
    const child = start(project);
    await until(
      async () => {
        await publish('marker');
        return child.stdout() !== '';
      },
      { what: 'an event that came while it follows', withinMs: 30_000 },
    );
    return child;
  }

  const events = (text: string): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  describe('of a project, piped', () => {
    it('prints each event from now on as a line of JSON, at once, and ends with 0 by Ctrl-C', async () => {
      await publish('before');
      const child = await following();
      await publish('job-1', { percent: 40, text: 'größe', data: { rows: 4 } });
      await child.line(/"job-1".*\n/u);
      await publish('job-1', { kind: 'success' });
      await child.line(/"success".*\n/u);
      const told = events(child.stdout());
      const [first, second, ...others] = told.filter(({ subject }) => subject !== 'marker');
      expect(first).to.deep.include({
        project,
        subject: 'job-1',
        kind: 'progress',
        percent: 40,
        text: 'größe',
        data: { rows: 4 },
      });
      expect(second).to.include({ subject: 'job-1', kind: 'success' });
      expect(others).to.deep.equal([]);
      const from = Number(told[0]?.['sequence']);
      expect(told.map(({ sequence }) => sequence)).to.deep.equal(told.map((_, index) => from + index));
      child.kill('SIGINT');
      expect((await child.exited).code).to.equal(0);
      expect(child.stderr()).not.to.match(/error|lost/u);
    });

    it('says that a name stands for nothing yet, unless it is said to be a project', async () => {
      const child = start(project);
      await until(() => child.stderr() !== '', { what: 'a sentence', withinMs: 30_000 });
      expect(child.stderr()).to.equal(
        `no request has the id '${project}', and no project of this name has events yet; waiting for its first\n`,
      );
      await child.stop();
      const sure = start(project, '--project');
      await until(
        async () => {
          await publish('marker');
          return sure.stdout() !== '';
        },
        { what: 'an event', withinMs: 30_000 },
      );
      expect(sure.stderr()).to.equal('');
    });

    it('gives only the kinds and the subject that were asked for, from where it was asked to begin', async () => {
      for (const subject of ['a', 'b']) {
        await publish(subject);
        await publish(subject, { kind: 'failure' });
        await publish(subject, { kind: 'user-action' });
        await publish(subject, { kind: 'log' });
      }
      const some = start(project, '--after', '2', '-k', 'failure', '--kind', 'user-action,log');
      const one = start(project, '--after', '0', '--subject', 'b');
      await until(() => events(some.stdout()).length >= 5, { what: 'five events', withinMs: 30_000 });
      await until(() => events(one.stdout()).length >= 4, { what: 'four events', withinMs: 30_000 });
      expect(events(some.stdout()).map(({ sequence }) => sequence)).to.deep.equal([3, 4, 6, 7, 8]);
      expect(events(one.stdout()).map(({ sequence }) => sequence)).to.deep.equal([5, 6, 7, 8]);
    });

    it('goes on without loss or repetition when the gateway was killed and comes back, and says so on stderr', async () => {
      const child = start(project, '--after', '0');
      await publish('job', { percent: 1 });
      await child.line(/"sequence":1\b/u, 30_000);
      await gateway.kill();
      await child.line(/^lost the gateway \(.+\); trying until it is back$/mu);
      await gateway.restart();
      // Some of these come before the watch is back.
      for (let percent = 2; percent <= 10; percent += 1) await publish('job', { percent });
      await until(() => events(child.stdout()).length >= 10, { what: 'ten events', withinMs: 30_000 });
      await publish('job', { kind: 'success' });
      await child.line(/"success"/u);
      expect(events(child.stdout()).map(({ sequence }) => sequence)).to.deep.equal(
        Array.from({ length: 11 }, (_, index) => index + 1),
      );
      expect(child.stderr()).to.match(
        /^lost the gateway .*\nthe gateway is back; going on after event 1\n$/u,
      );
    });

    it('tells of events that retention has removed', async () => {
      for (let count = 0; count < 130; count += 1) await publish('job', { percent: count % 100 });
      await until(
        async () => {
          const page = await call(`${gateway.url}/status/${project}?limit=1`, {
            headers: { accept: 'application/json' },
          });
          return page.json()['first'] === 31;
        },
        { what: 'retention of the newest hundred', withinMs: 90_000 },
      );
      const child = start(project, '--after', '0');
      await child.line(/"sequence":130\b/u, 30_000);
      const [gap, next] = events(child.stdout());
      expect(gap).to.deep.equal({ gap: { from: 1, to: 30 } });
      expect(next).to.include({ sequence: 31 });
    });

    it('ends quietly with 0 when its reader goes away', async () => {
      for (let count = 0; count < 5; count += 1) await publish('job', { text: 'x'.repeat(1_000) });
      const child = spawnCli(['watch', project, '--after', '0'], environment());
      let stderr = '';
      child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
      const ended = new Promise((resolve) => child.once('close', resolve));
      try {
        await until(() => child.said().includes('\n'), { what: 'an event', withinMs: 30_000 });
        child.stdout.destroy();
        // The end of a pipe is seen by the next write.
        await publish('job');
        await publish('job');
        expect(await within(ended, { what: 'its end', withinMs: 15_000 })).to.equal(0);
        expect(stderr).to.equal('');
      } finally {
        child.kill('SIGKILL');
      }
    });
  });

  describe('of a request, piped', () => {
    it('prints its history and ends with 0 when it was replied', async () => {
      const id = uniqueName('r');
      await ask(id, { 'reply-to': 'none' });
      const { code, stdout, stderr } = await run(id);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
      expect(events(stdout).map(({ number, data }) => [number, data])).to.deep.equal([
        [1, { status: 'accepted' }],
        [2, { status: 'completed' }],
      ]);
    });

    it('ends with the exit code of how it ended', async () => {
      const [expired, cancelled] = [uniqueName('r'), uniqueName('r')];
      await ask(expired, { 'request-timeout': '1' });
      await ask(cancelled);
      const watching = run(cancelled);
      await call(`${gateway.url}/requests/${cancelled}`, { method: 'DELETE' });
      const ends = await Promise.all([run(expired), watching]);
      expect(ends.map(({ code }) => code)).to.deep.equal([5, 6]);
      expect(ends[0].stderr).to.equal('error: The request expired before a reply came.\n');
      expect(events(ends[0].stdout).at(-1)).to.deep.include({ kind: 'failure', data: { status: 'expired' } });
      expect(events(ends[1].stdout).at(-1)).to.deep.include({ data: { status: 'cancelled' } });
    });

    it('says how to come back when Ctrl-C ends it first', async () => {
      const id = uniqueName('r');
      await ask(id);
      const child = start(id);
      await child.line(/"sent"/u, 30_000);
      child.kill('SIGINT');
      expect((await child.exited).code).to.equal(6);
      expect(child.stderr()).to.contain(`status ${id} --reply`);
    });
  });

  describe('of a name', () => {
    it('takes it for a request where there is one, and for a project where that is asked for', async () => {
      const name = uniqueName('both');
      await ask(name, { 'reply-to': 'none' });
      await publish('job', {}, name);
      const request = await run(name);
      expect(events(request.stdout)[0]).to.include({ subject: name });
      const child = start(name, '--project', '--after', '0');
      await child.line(/"subject":"job"/u, 30_000);
    });

    it('ends with 3 for a request that there is not, and with 2 for what can be neither', async () => {
      expectFailure(await run(project, '--request'), { code: 3, says: /no request with the id/u });
      expectFailure(await run('a/*'), { code: 2, says: /project 'a\/\*': 1-248 bytes/u });
    });

    it('ends with 2 for a position behind the end, and for a subject of a request', async () => {
      expectFailure(await run(project, '--after', '99'), { code: 2, says: /\?after '99'/u });
      const id = uniqueName('r');
      await ask(id);
      expectFailure(await run(id, '--subject', 'x'), { code: 2, says: /--subject 'x'/u });
    });
  });

  describe('on a terminal', () => {
    let missing: string | undefined;
    before(async () => {
      missing = await noTerminalReason();
    });
    beforeEach(function () {
      if (missing !== undefined) skip(this, missing);
    });

    function onTerminal(
      parameters: readonly string[],
      env: Readonly<Record<string, string>> = {},
      rows = 10,
    ): RunningProcess {
      const child = startOnTerminal(['watch', ...parameters], {
        env: { ...environment(), ...env },
        columns: 80,
        rows,
      });
      started.push(child);
      return child;
    }

    const screen = (child: RunningProcess): string[] => screenOf(child.stdout());

    it('shows a line for each task with its bar, from where the project stands, until Ctrl-C', async () => {
      await publish('job-1', { percent: 20, text: 'kneading' });
      await until(
        async () => (await call(`${gateway.url}/status/${project}/subjects`)).text().includes('job-1'),
        {
          what: 'the first event',
        },
      );
      const child = onTerminal([project]);
      await child.line(/job-1 .*20 % kneading/u, 30_000);
      await publish('job-1', { percent: 60, text: 'rising' });
      await publish('job-2', { kind: 'failure', text: 'no flour' });
      await until(() => /job-2 .*failed no flour/u.test(screen(child)[2] ?? ''), { what: 'both tasks' });
      expect(screen(child)[0]).to.equal(`${project}: 1 going on, 1 over; Ctrl-C ends`);
      expect(screen(child)[1]).to.match(/^job-1 \[#+-+\] {3}60 % rising +\d:\d\d$/u);
      expect(child.stdout()).to.match(/\u001b\[31mjob-2/u);
      child.write(ctrlC);
      expect((await within(child.exited, { what: 'its end' })).code).to.equal(0);
      expect(child.stdout().startsWith('\u001b[?25l')).to.equal(true);
      expect(child.stdout().endsWith('\u001b[?25h')).to.equal(true);
      // The last picture stays.
      expect(screen(child)).to.have.length(3);
    });

    it('shows how a request ended that began before, with what a service tells of it since', async () => {
      const id = uniqueName('r');
      await ask(id, { project });
      await publish(id, { percent: 20 });
      await until(
        async () => (await call(`${gateway.url}/status/${project}/subjects`)).text().includes('"percent":20'),
        { what: 'its first progress' },
      );
      const child = onTerminal([project, '--subject', id, '--kind', 'progress,user-action']);
      await child.line(/no events yet/u, 30_000);
      await publish(id, { percent: 40 });
      await call(`${gateway.url}/requests/${id}`, { method: 'DELETE' });
      await publish(id, { percent: 60 });
      await until(() => screen(child)[1]?.includes(' ended ') === true, { what: 'its end' });
      expect(screen(child)[0]).to.equal(`${project}: 0 going on, 1 over; Ctrl-C ends`);
    });

    it('shows as many as there are rows, the newest first, and counts the others', async () => {
      for (let count = 1; count <= 9; count += 1) await publish(`job-${count}`, { time: count });
      await until(
        async () => (await call(`${gateway.url}/status/${project}/subjects`)).text().includes('job-9'),
        { what: 'nine tasks' },
      );
      const child = onTerminal([project], {}, 6);
      await child.line(/and \d+ more/u, 30_000);
      expect(screen(child).map((line) => line.split(' ')[0])).to.deep.equal([
        `${project}:`,
        'job-9',
        'job-8',
        'job-7',
        '…',
      ]);
      expect(screen(child)[4]).to.equal('… and 6 more');
    });

    it('has no colours with NO_COLOR or --no-color', async () => {
      await publish('job', { kind: 'failure' });
      await until(
        async () => (await call(`${gateway.url}/status/${project}/subjects`)).text().includes('job'),
        {
          what: 'the event',
        },
      );
      for (const child of [onTerminal([project], { NO_COLOR: '1' }), onTerminal([project, '--no-color'])]) {
        await child.line(/job .*failed/u, 30_000);
        expect(child.stdout()).not.to.match(/\u001b\[\d*m/u);
      }
    });

    it('keeps the history of a request above its bar, and ends with its exit code', async () => {
      const id = uniqueName('r');
      await ask(id, { 'request-timeout': '4' });
      const child = onTerminal([id]);
      await child.line(/log +sent to the queue/u, 30_000);
      expect((await within(child.exited, { what: 'its end', withinMs: 15_000 })).code).to.equal(5);
      const [accepted, sent, expired, bar, error, ...others] = screen(child);
      expect(accepted).to.match(/^\d\d:\d\d:\d\d {2}log +accepted$/u);
      expect(sent).to.match(/log +sent to the queue$/u);
      expect(expired).to.match(/failure +no reply came before the deadline$/u);
      expect(bar).to.match(/^r\S* +failed no reply/u);
      expect(error).to.equal('error: The request expired before a reply came.');
      expect(others).to.deep.equal([]);
    });

    it('prints lines of JSON with --json, and where the terminal cannot move its cursor', async () => {
      await publish('job');
      for (const child of [
        onTerminal([project, '--after', '0', '--json']),
        onTerminal([project, '--after', '0'], { TERM: 'dumb' }),
      ]) {
        await child.line(/\{"id".*\}\r?\n/u, 30_000);
        expect(child.stdout()).not.to.contain('\u001b');
      }
    });
  });
});
