import { expect } from 'chai';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createEmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { systemClock } from '#app/system-clock.js';
import { freePort } from '../support/free-port.js';
import { processes } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { within } from '../support/until.js';
import { happens } from '../support/happens.js';
import { skip } from '../support/skip.js';

/** `replyto serve` that cannot start says why and what to do, without a stack, and touches nothing. */
describe('a start that fails', function () {
  this.timeout(60_000);
  const { startSource } = processes();
  const folder = temporaryFolder();

  async function serve(
    env: Record<string, string> = {},
  ): Promise<{ readonly code: number | null; readonly said: string }> {
    const { code, stdout, said } = await served(env);
    expect(stdout).to.equal('');
    return { code, said };
  }

  /** As `serve`, of a gateway that may have begun to serve. */
  async function served(
    env: Record<string, string>,
  ): Promise<{ readonly code: number | null; readonly stdout: string; readonly said: string }> {
    const settings = { PORT: '0', BROKER_PORT: '0', DATA_DIR: folder(), ...env };
    const child = startSource('src/cli/main.ts', ['serve'], { cwd: folder(), env: settings });
    const exit = await within(child.exited, { what: 'the end of serve' });
    expect(child.stderr())
      .to.match(/^error: /mu)
      .and.not.match(/^\s+at |stack/mu);
    return { code: exit.code, stdout: child.stdout(), said: child.stderr() };
  }

  for (const file of ['replyto.db', 'broker.db']) {
    it(`names a ${file} that is no database, and leaves it as it is`, async () => {
      const path = join(folder(), file);
      writeFileSync(path, 'this is no database '.repeat(1_000));
      const { code, said } = await serve();
      expect(code).to.equal(2);
      expect(said).to.include(path).and.to.include('move it away');
      expect(readFileSync(path, 'utf8')).to.equal('this is no database '.repeat(1_000));
    });
  }

  happens(
    'Surroundings',
    'a second process starts on the same data folder',
    'it ends with 2 and names the folder and the settings; the first goes on',
    async () => {
      const first = startSource('src/cli/main.ts', ['serve'], {
        cwd: folder(),
        env: { PORT: '0', BROKER_PORT: '0', DATA_DIR: folder() },
      });
      await first.line(/http:\/\/127\.0\.0\.1:\d+/u);
      const { code, said } = await serve();
      expect(code).to.equal(2);
      expect(said).to.include(`${folder()} is in use by another process, probably another replyto`);
      expect(said).to.include('--data-dir or DATA_DIR');
      expect(first.hasExited()).to.equal(false);
    },
  );

  it('names the setting and its value for a data folder in whose place a file is, with 2', async () => {
    const file = join(folder(), 'file');
    writeFileSync(file, 'mine');
    const { code, said } = await serve({ DATA_DIR: file });
    expect(code).to.equal(2);
    expect(said).to.include(`  DATA_DIR '${file}': a folder; this is a file\n`);
    expect(readFileSync(file, 'utf8')).to.equal('mine');
  });

  it('names the settings of a data folder that cannot be made, and does not hang', async function () {
    if (!existsSync('/proc/self')) return skip(this, 'this system has no /proc');
    const { code, said } = await serve({ DATA_DIR: '/proc/no/data' });
    expect(code).to.equal(7);
    expect(said)
      .to.match(/^error: cannot make the folder \/proc\/no\/data: ENOENT/mu)
      .and.to.include('--data-dir or DATA_DIR');
  });

  happens(
    'Surroundings',
    'a second gateway with another data folder uses the same prefix on the same broker',
    'it ends with 2 within seconds and names the settings of the prefix; the first goes on',
    async () => {
      const first = startSource('src/cli/main.ts', ['serve'], {
        cwd: folder(),
        env: { PORT: '0', BROKER_PORT: '0', DATA_DIR: join(folder(), 'first') },
      });
      const [BROKER_URL = ''] = await first.line(/stomp:\/\/127\.0\.0\.1:\d+/u);
      const { code, said } = await served({ BROKER_URL, DATA_DIR: join(folder(), 'second') });
      expect(code).to.equal(2);
      expect(said)
        .to.match(/^error: another deployment .* uses the prefix 'replyto' on this broker/mu)
        .and.to.include('--prefix or REPLYTO_PREFIX')
        .and.not.include('"level":"error"');
      expect(first.hasExited()).to.equal(false);
    },
  );

  describe('because of a port', () => {
    const dataDir = (): string => join(folder(), 'data');
    let other: Server;
    let taken: string;

    beforeEach(async () => {
      other = createServer((_request, response) => response.end('something else'));
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      taken = String((other.address() as AddressInfo).port);
    });
    afterEach(() => other.close());

    for (const { variable, remedy } of [
      { variable: 'PORT', remedy: '--port or PORT' },
      { variable: 'BROKER_PORT', remedy: '--broker-port or BROKER_PORT' },
    ]) {
      it(`that another program has (${variable}) names it and the setting, and leaves no data folder`, async () => {
        const { code, said } = await serve({ [variable]: taken, DATA_DIR: dataDir() });
        expect(code).to.equal(2);
        expect(said)
          .to.include(`127.0.0.1:${taken} is taken by another program`)
          .and.to.include(`another port with ${remedy}`);
        const isTold = said.includes(`use it instead: BROKER_URL=stomp://127.0.0.1:${taken}`);
        expect(isTold, said).to.equal(variable === 'BROKER_PORT');
        expect(readdirSync(folder())).to.deep.equal([]);
      });
    }

    it('that cannot be listened on says so, and leaves no data folder', async () => {
      const env = { HOST: '192.0.2.1', REPLYTO_HTTP__INSECURE: 'true', PORT: taken, DATA_DIR: dataDir() };
      const { code, said } = await serve(env);
      expect(code).to.equal(2);
      expect(said).to.include(`nobody can listen on 192.0.2.1:${taken}`).and.to.include('of this machine');
      expect(readdirSync(folder())).to.deep.equal([]);
    });

    it('that a running replyto has says so', async () => {
      const PORT = String(await freePort());
      const BROKER_PORT = String(await freePort());
      const first = startSource('src/cli/main.ts', ['serve'], {
        cwd: folder(),
        env: { PORT, BROKER_PORT, DATA_DIR: join(folder(), 'first') },
      });
      await first.line(/http:\/\/127\.0\.0\.1:\d+/u);
      const { code, said } = await serve({ PORT, DATA_DIR: dataDir() });
      expect(code).to.equal(2);
      expect(said).to.match(/is taken by a running gateway \(replyto \d+\.\d+\.\d+\)/u);
      expect(said).to.include('--port or PORT');
      const atBroker = await serve({ BROKER_PORT, DATA_DIR: dataDir() });
      expect(atBroker.code).to.equal(2);
      expect(atBroker.said)
        .to.include(`127.0.0.1:${BROKER_PORT} is taken by the broker of a running gateway`)
        .and.to.include('--broker-port or BROKER_PORT');
      expect(readdirSync(folder())).to.deep.equal(['first']);
    });
  });

  happens(
    'Surroundings',
    'the broker refuses the login at the start',
    'the start ends with 7 and says so, without the password',
    async () => {
      const credentials = { login: 'gateway', passcode: 'right' };
      const broker = createEmbeddedBroker({ path: ':memory:', port: 0, clock: systemClock, credentials });
      const { port } = await broker.start();
      try {
        const { code, said } = await serve({ BROKER_URL: `stomp://gateway:wr0ng-secret@127.0.0.1:${port}` });
        expect(code).to.equal(7);
        expect(said).to.include('refused the login').and.not.include('wr0ng-secret');
      } finally {
        await broker.stop(1_000);
      }
    },
  );
});
