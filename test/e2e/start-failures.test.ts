import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { systemClock } from '#app/system-clock.js';
import { processes } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { within } from '../support/until.js';

/** `replyto serve` that cannot start says why and what to do, without a stack, and touches nothing. */
describe('a start that fails', function () {
  this.timeout(30_000);
  const { startSource } = processes();
  const folder = temporaryFolder();

  async function serve(
    env: Record<string, string> = {},
  ): Promise<{ readonly code: number | null; readonly said: string }> {
    const settings = { PORT: '0', BROKER_PORT: '0', DATA_DIR: folder(), ...env };
    const child = startSource('src/cli/main.ts', ['serve'], { cwd: folder(), env: settings });
    const exit = await within(child.exited, { what: 'the end of serve', withinMs: 20_000 });
    expect(child.stdout()).to.equal('');
    expect(child.stderr())
      .to.match(/^error: /mu)
      .and.not.match(/^\s+at /mu);
    return { code: exit.code, said: child.stderr() };
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

  it('names the data folder that another process uses', async () => {
    const first = startSource('src/cli/main.ts', ['serve'], {
      cwd: folder(),
      env: { PORT: '0', BROKER_PORT: '0', DATA_DIR: folder() },
    });
    await first.line(/http:\/\/127\.0\.0\.1:\d+/u, 20_000);
    const { code, said } = await serve();
    expect(code).to.equal(2);
    expect(said).to.include('in use by another process');
    expect(first.hasExited()).to.equal(false);
  });

  it('says that the broker refuses the login, without the password', async () => {
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
  });
});
