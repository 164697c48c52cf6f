import { expect } from 'chai';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Dev } from '../support/cli.js';
import { cli, productFreeEnvironment, spawnCli, startDev } from '../support/cli.js';
import { call, post } from '../support/http.js';
import { startProcess } from '../support/process.js';
import { makeTemporaryFolder, temporaryFolder } from '../support/temporary-folder.js';
import { until, within } from '../support/until.js';

/** What a person would see who copies the line into a shell. */
function pasted(line: string): Promise<{ stdout: string; stderr: string; failed: boolean }> {
  return new Promise((resolve) => {
    execFile('bash', ['--norc', '-c', line], { timeout: 30_000 }, (error, stdout, stderr) =>
      resolve({ stdout, stderr, failed: error !== null }),
    );
  });
}

describe('replyto dev', function () {
  this.timeout(60_000);

  describe('what it prints', () => {
    let dev: Dev;
    let printed: string[];

    before(async () => {
      dev = await startDev();
      printed = dev.child.stdout().split('\n');
    });
    after(() => dev.stop());

    function lines(pattern: RegExp): string[] {
      const found = printed.filter((line) => pattern.test(line));
      expect(found, `lines that match ${String(pattern)}`).not.to.be.empty;
      return found;
    }

    it('names its addresses and data, and says that it is for development and what production means', () => {
      const text = dev.child.stdout();
      expect(text).to.match(/development mode, not for production/u);
      expect(text).to.match(/one process on one machine/u);
      expect(text).to.match(/production means ActiveMQ/u);
      expect(text).to.contain(dev.dataDir);
      expect(dev.url).to.match(/^http:\/\/127\.0\.0\.1:\d+$/u);
      expect(dev.brokerUrl).to.match(/^stomp:\/\/127\.0\.0\.1:\d+$/u);
      expect(text).to.match(/demo\.echo[^]*demo\.slow[^]*demo\.faulty[^]*orion\.workflow\.create/u);
    });

    it('logs nothing but warnings', () => {
      expect(dev.child.stderr()).to.equal('');
    });

    it('prints a line that asks and waits, which works as printed', async () => {
      const [line = ''] = lines(/^curl .*demo\.echo/u);
      expect((await pasted(line)).stdout).to.equal('{"say":"hello"}\n');
    });

    it('prints lines that have a reply sent to a queue and read it there, which work as printed', async () => {
      const [asking = ''] = lines(/^curl .*Reply-To: Reply Queue/u);
      expect(JSON.parse((await pasted(asking)).stdout)).to.include({ replyTo: 'Reply Queue' });
      const [reading = ''] = lines(/^npm run --silent replyto -- consume "Reply Queue"/u);
      const { stdout } = await pasted(reading);
      expect(stdout).to.match(/^Correl-ID: /mu);
      expect(stdout).to.contain('{"result":"Everything is awesome"}');
    });

    it('prints lines that come back by id, with progress and the reply at the end, which work as printed', async () => {
      const about = lines(/^curl .*try-/u);
      expect(about).to.have.length(4);
      const [asking = '', status = '', events = '', reply = ''] = about;
      const accepted = JSON.parse((await pasted(asking)).stdout) as Record<string, unknown>;
      expect(accepted).to.include({ queue: 'demo.slow' });
      expect(accepted['status']).to.be.oneOf(['accepted', 'sent']);
      expect(JSON.parse((await pasted(status)).stdout)).to.include({ id: accepted['id'] });
      const [progress, answer] = await Promise.all([pasted(events), pasted(reply)]);
      const percents = [...progress.stdout.matchAll(/"percent":(\d+)/gu)].map(([, percent]) =>
        Number(percent),
      );
      expect(percents).to.deep.equal([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
      expect(JSON.parse(answer.stdout)).to.deep.equal({ result: 'done', steps: 10 });
    });

    it('prints a line that shows a Fault, which works as printed', async () => {
      const [line = ''] = lines(/^curl .*demo\.faulty/u);
      expect(JSON.parse((await pasted(line)).stdout)).to.include({ status: 422, code: 'REPLY_FAULT' });
    });

    it('prints no other line to copy', () => {
      expect(lines(/^(?:curl|npm)/u)).to.have.length(8);
    });
  });

  describe('a port that is taken', () => {
    const dataDir = temporaryFolder();
    let other: Server;
    let taken: string;

    beforeEach(async () => {
      other = createServer((_request, response) => response.end('something else'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      taken = String((other.address() as AddressInfo).port);
    });
    afterEach(() => other.close());

    for (const { what, PORT, BROKER_PORT, remedy } of [
      { what: 'of HTTP', PORT: true, BROKER_PORT: false, remedy: '--port or PORT' },
      { what: 'of the broker', PORT: false, BROKER_PORT: true, remedy: '--broker-port or BROKER_PORT' },
    ]) {
      it(`${what} ends the start with the remedy, without a stack`, async () => {
        const { code, stdout, stderr } = await cli(['dev', '--data-dir', dataDir()], {
          env: { PORT: PORT ? taken : '0', BROKER_PORT: BROKER_PORT ? taken : '0' },
        });
        expect(code).to.equal(2);
        expect(stdout).to.equal('');
        expect(stderr).to.match(/^error: /u);
        expect(stderr.trim().split('\n')).to.have.length(1);
        expect(stderr).to.contain(`127.0.0.1:${taken} is taken`).and.to.contain(remedy);
      });
    }
  });

  describe('its end', () => {
    let dev: Dev | undefined;
    afterEach(async () => {
      await dev?.stop();
      dev = undefined;
    });

    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      it(`is in order after ${signal}: a waiting caller gets 202, a stream ends, exit code 0, long before its deadline`, async () => {
        dev = await startDev();
        const { url, child } = dev;
        const id = `waits-${signal}`;
        const waiting = post(`${url}/requests/demo.slow`, '', {
          prefer: 'wait=30',
          'message-id': id,
          connection: 'close',
        });
        await until(async () => (await call(`${url}/requests/${id}`)).json()['status'] === 'sent', {
          what: 'the request at its service',
        });
        const stream = call(`${url}/requests/${id}/events`, { headers: { connection: 'close' } });
        await until(async () => (await call(`${url}/requests/${id}`)).json()['progress'] !== null, {
          what: 'progress',
        });
        // The deadline is 25 s.
        const ended = within(child.exited, { what: 'its end', withinMs: 20_000 });
        child.kill(signal);
        const answer = await waiting;
        expect(answer.status).to.equal(202);
        expect(answer.headers['location']).to.equal(`/requests/${id}`);
        expect((await stream).text()).to.match(/retry: \d+\s*$/u);
        expect(await ended).to.deep.equal({ code: 0, signal: null });
        expect(child.stderr()).not.to.match(/^\s+at /mu);
      });
    }

    it('does not come because nobody reads its output any more', async () => {
      const folder = await makeTemporaryFolder();
      const given = ['--port', '0', '--broker-port', '0', '--data-dir', folder.path, '--log-level', 'debug'];
      const child = spawnCli(['dev', ...given]);
      const exited = once(child, 'exit');
      try {
        const url = await until(() => /HTTP {5}(\S+)[^]*Ctrl-C ends it/u.exec(child.said())?.[1], {
          what: 'its address',
        });
        child.stdout.destroy();
        child.stderr.destroy();
        // Each of these is logged, and so is the end.
        const answer = await post(`${url}/requests/demo.faulty`, '', {
          prefer: 'wait=10',
          connection: 'close',
        });
        expect(answer.status).to.equal(422);
        expect(child.exitCode).to.equal(null);
        child.kill('SIGTERM');
        expect(await within(exited, { what: 'its end' })).to.deep.equal([0, null]);
      } finally {
        child.kill('SIGKILL');
        await folder.remove();
      }
    });

    it('comes too when only npm, which started it, is told to end', async () => {
      const folder = await makeTemporaryFolder();
      const env = { ...productFreeEnvironment(), PORT: '0', BROKER_PORT: '0', DATA_DIR: folder.path };
      const npm = startProcess('npm', ['start'], { env });
      const below: number[] = [];
      try {
        const [, url = ''] = await npm.line(/HTTP {5}(\S+)[^]*Ctrl-C ends it/u);
        below.push(...descendants(npm.pid));
        npm.kill('SIGTERM');
        await until(
          () =>
            call(`${url}/livez`).then(
              () => false,
              () => true,
            ),
          { what: 'the end of the gateway' },
        );
      } finally {
        for (const pid of below) killIfAlive(pid);
        await npm.stop();
        await folder.remove();
      }
    });
  });
});

/** Process ids of what a process started, and that in turn. */
function descendants(pid: number): number[] {
  const listed = spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).stdout;
  const children = listed.trim().split(/\s+/u).filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, as it should.
  }
}
