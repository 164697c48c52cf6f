import { expect } from 'chai';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startProcess } from '../support/process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { within } from '../support/until.js';

describe('docs/testing-services.md', function () {
  this.timeout(180_000);
  const folder = temporaryFolder();

  before(async () => {
    const build = "import('./scripts/build-if-needed.mjs').then((module) => module.buildIfNeeded())";
    const building = startProcess(process.execPath, ['-e', build]);
    expect((await building.exited).code, building.output()).to.equal(0);
  });

  /** Runs the `js` blocks of the page as one file of tests, where the package is installed. */
  async function runPage(change: (program: string) => string = (program) => program): Promise<string> {
    const page = readFileSync('docs/testing-services.md', 'utf8');
    const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gmsu)].map(([, code = '']) => code);
    mkdirSync(join(folder(), 'node_modules'));
    symlinkSync(process.cwd(), join(folder(), 'node_modules', 'replyto'));
    writeFileSync(join(folder(), 'orders.test.mjs'), change(blocks.join('')));
    // Inside a test of its own, Node would report to the one around it.
    const env = { NODE_TEST_CONTEXT: undefined };
    const child = startProcess(process.execPath, ['--test', 'orders.test.mjs'], { cwd: folder(), env });
    const { code } = await within(child.exited, { what: 'its end', withinMs: 90_000 });
    return `exit code ${code}\n${child.output()}`;
  }

  it('is a file of tests that pass', async () => {
    const output = await runPage();
    expect(output).to.match(/^exit code 0\n/u);
    const passed = Number(/^(?:#|ℹ) pass (?<count>\d+)$/mu.exec(output)?.groups?.['count']);
    expect(passed, output).to.be.above(10);
    expect(output).to.match(/^(?:#|ℹ) fail 0$/mu);
  });

  it('finds a service out that does not remember what it answered', async () => {
    const output = await runPage((program) => program.replace('  idempotency: bench.openStore(),\n', ''));
    expect(output).to.match(/^exit code 1\n/u);
    expect(output).to.match(/2 different replies came to request/u);
  });
});
