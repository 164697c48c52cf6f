import { expect } from 'chai';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { buildPackage } from '../support/built-package.js';
import type { Dev } from '../support/cli.js';
import { cli, productFreeEnvironment, startDev } from '../support/cli.js';
import { post } from '../support/http.js';
import { startProcess } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { within } from '../support/until.js';

/** What the pages print is what happens. */
describe('what the pages print', function () {
  this.timeout(120_000);
  const folder = temporaryFolder();

  describe('the program of README.md', () => {
    let dev: Dev;
    before(async () => {
      dev = await startDev();
      await buildPackage();
    });
    after(() => dev.stop());

    it('runs as it is printed where the package is installed, and ends by Ctrl-C', async () => {
      const [, program = ''] = /^```js\n(.*?)^```$/msu.exec(readFileSync('README.md', 'utf8')) ?? [];
      expect(program).to.contain("'stomp://127.0.0.1:61613'");
      mkdirSync(join(folder(), 'node_modules'));
      symlinkSync(process.cwd(), join(folder(), 'node_modules', 'replyto'));
      writeFileSync(join(folder(), 'orders.mjs'), program.replace('stomp://127.0.0.1:61613', dev.brokerUrl));
      const service = startProcess(process.execPath, ['orders.mjs'], { cwd: folder() });
      await service.line(/answering requests of orders\.create/u);
      const ask = (order: object): ReturnType<typeof post> =>
        post(`${dev.url}/requests/orders.create`, JSON.stringify(order), {
          ...{ prefer: 'wait=10', 'content-type': 'application/json' },
        });
      const reply = await ask({ items: ['tea'] });
      expect([reply.status, reply.text()]).to.deep.equal([200, '{"number":4711}']);
      expect((await ask({})).status).to.equal(422);
      service.kill('SIGINT');
      expect(await within(service.exited, { what: 'its end' })).to.include({ code: 0 });
      expect(service.stderr()).to.equal('');
    });
  });

  it('docs/security.md shows the entry that `replyto token` prints', async () => {
    const [, shown = ''] = /^```yaml\n(.*?)^```$/msu.exec(readFileSync('docs/security.md', 'utf8')) ?? [];
    const { stdout } = await cli(['token', 'shop']);
    expect(stdout.replace(/sha256:\S+/u, 'sha256:…')).to.equal(shown);
    const [{ queues, read, broker }] = parse(shown) as [Record<string, unknown>];
    expect({ queues, read, broker }).to.deep.equal({ queues: ['*'], read: [], broker: undefined });
  });

  it('`npm run replyto` works in the folder in which it is called', async () => {
    writeFileSync(join(folder(), 'mine.yaml'), 'prefix: mine\n');
    const child = startProcess(
      'npm',
      [
        '--prefix',
        process.cwd(),
        'run',
        '--silent',
        'replyto',
        '--',
        'config',
        'print',
        '--config',
        'mine.yaml',
      ],
      { cwd: folder(), env: { ...productFreeEnvironment(), INIT_CWD: undefined } },
    );
    const { code } = await within(child.exited, { what: 'its end', withinMs: 30_000 });
    expect(code, child.output()).to.equal(0);
    expect(child.stdout())
      .to.match(/mine\.yaml/u)
      .and.to.contain(folder());
  });
});
