import { expect } from 'chai';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cli, startCli } from '../support/cli.js';
import type { EmbeddedProcess } from '../support/embedded-process.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import { call, post } from '../support/http.js';
import type { RunningProcess } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { happens } from '../support/happens.js';
import { within } from '../support/until.js';

describe('replyto serve', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const started: RunningProcess[] = [];

  afterEach(async () => {
    await Promise.all(started.splice(0).map((child) => child.stop()));
  });

  function serve(env: Record<string, string>, parameters: readonly string[] = []): RunningProcess {
    const given = { PORT: '0', BROKER_PORT: '0', DATA_DIR: join(folder(), 'data'), ...env };
    const child = startCli(['serve', ...parameters], { env: given });
    started.push(child);
    return child;
  }

  async function urlOf(child: RunningProcess): Promise<string> {
    const [, url = ''] = await child.line(/serves (http:\/\/\S+)/u);
    return url;
  }

  it('says in its start line what it serves with, and that the embedded broker is one process on one machine', async () => {
    const child = serve({});
    const url = await urlOf(child);
    expect((await call(`${url}/readyz`)).status).to.equal(200);
    const lines = child.stdout().trim().split('\n');
    expect(lines).to.have.length(1);
    expect(lines[0]).to.match(/embedded broker at stomp:\/\/127\.0\.0\.1:\d+/u);
    expect(lines[0]).to.contain(`store sqlite: in ${join(folder(), 'data')}`);
    expect(lines[0]).to.contain('one process on one machine').and.to.contain('ActiveMQ');
    child.kill('SIGTERM');
    expect(await child.exited).to.deep.equal({ code: 0, signal: null });
  });

  it('warns of a variable that was probably meant for it', async () => {
    const child = serve({ BROKER_ULR: 'stomp://u:secret@b', LOGLEVEL: 'debug', LOG_FORMAT: 'json' });
    await urlOf(child);
    const warnings = child
      .stderr()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; msg: string })
      .filter(({ level }) => level === 'warn');
    expect(warnings.map(({ msg }) => msg)).to.deep.equal([
      'BROKER_ULR is set and unknown here; did you mean BROKER_URL? LOGLEVEL is set and unknown here; did you mean LOG_LEVEL?',
    ]);
    expect(child.output()).not.to.contain('secret');
  });

  it('runs no demo services', async () => {
    const url = await urlOf(serve({}));
    const answer = await post(`${url}/requests/demo.echo`, 'x', { prefer: 'wait=1' });
    expect(answer.status).to.equal(202);
  });

  it('takes a flag before the environment, and that before the file', async () => {
    const child = serve({ DATA_DIR: join(folder(), 'by-variable') }, [
      '--data-dir',
      join(folder(), 'by-flag'),
    ]);
    await urlOf(child);
    expect(existsSync(join(folder(), 'by-flag', 'replyto.db'))).to.equal(true);
    expect(existsSync(join(folder(), 'by-variable'))).to.equal(false);
  });

  it('tells all that is wrong with a configuration at once, and ends with 2', async () => {
    const end = await cli(['serve', '--port', 'eighty', '--log-level', 'loud'], { cwd: folder() });
    expect(end).to.include({ code: 2, stdout: '' });
    expect(end.stderr).to.match(/^error: The configuration has faults\.$/mu);
    expect(end.stderr).to.match(/^ {2}--port 'eighty': whole number/mu);
    expect(end.stderr).to.match(/^ {2}--log-level 'loud': one of/mu);
  });

  it('stops in order and ends with 1 when the program has a fault that nobody caught', async () => {
    const planted =
      "data:text/javascript,process.on('SIGUSR2', () => void Promise.reject(new Error('planted')))";
    const child = serve({ NODE_OPTIONS: `--import "${planted}"` });
    const url = await urlOf(child);
    child.kill('SIGUSR2');
    expect(await child.exited).to.deep.equal({ code: 1, signal: null });
    expect(child.stderr()).to.contain('planted');
    const refused = await call(`${url}/livez`).catch((error: unknown) => error);
    expect(refused).to.be.instanceOf(Error);
    // An orderly end gives the files back.
    expect(existsSync(join(folder(), 'data', 'broker.db-wal'))).to.equal(false);
  });

  describe('on a broker of its own process', () => {
    let broker: EmbeddedProcess;
    before(async () => {
      broker = await startEmbeddedProcess();
    });
    after(() => broker.stop());

    it('names the broker in its start line, without its login', async () => {
      const url = broker.url.replace('stomp://', 'stomp://ada:secret@');
      const child = serve({ BROKER_URL: url, REPLYTO_PREFIX: 'named' });
      await urlOf(child);
      expect(child.stdout()).to.match(/broker stomp:\/\/\*\*\*@127\.0\.0\.1:\d+, store/u);
      expect(child.output()).not.to.contain('secret');
      expect(child.stdout()).not.to.contain('one process');
    });

    it('ends with the exit code of what it finds out after its start: another deployment has the prefix', async () => {
      const first = serve({
        BROKER_URL: broker.url,
        REPLYTO_PREFIX: 'taken',
        DATA_DIR: join(folder(), 'first'),
      });
      await first.line(/receiving replies/u);
      const second = serve({
        BROKER_URL: broker.url,
        REPLYTO_PREFIX: 'taken',
        DATA_DIR: join(folder(), 'second'),
      });
      expect((await second.exited).code).to.equal(2);
      expect(second.stderr()).to.contain("uses the prefix 'taken'");
      expect(first.hasExited()).to.equal(false);
    });
  });

  happens(
    'Surroundings',
    'a signal while the gateway still waits for its broker',
    'it ends in order',
    async () => {
      // A port that takes connections and says nothing.
      const { createServer } = await import('node:net');
      const mute = createServer();
      await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
      const address = mute.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      const connected = new Promise<void>((resolve) => mute.once('connection', () => resolve()));
      try {
        const child = serve({ BROKER_URL: `stomp://127.0.0.1:${port}` });
        await connected;
        child.kill('SIGTERM');
        // Sooner than its deadline of 25 s.
        const exit = await within(child.exited, { what: 'its end' });
        expect(exit).to.deep.equal({ code: 0, signal: null });
      } finally {
        mute.close();
      }
    },
  );
});
