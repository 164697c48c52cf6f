import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { productFreeEnvironment } from '../support/cli.js';
import { startProcess } from '../support/process.js';
import { startProcessGroup } from '../support/process-group.js';
import { until, within } from '../support/until.js';

/** A gateway of somebody else must not answer in place of the example's own. */
const ownGateway = { REPLYTO_URL: 'http://127.0.0.1:9', BROKER_URL: undefined };

/** Each example is run by its one command and prints what its folder says. */
describe('the examples', function () {
  this.timeout(120_000);

  for (const name of readdirSync('examples')) {
    it(`${name} prints what it promises`, async () => {
      const child = startProcess('npm', ['run', '--silent', 'example', '--', name], { env: ownGateway });
      const exit = await within(child.exited, { what: `the end of ${name}`, withinMs: 90_000 });
      expect(exit.code, child.output()).to.equal(0);
      expect(child.stdout()).to.equal(readFileSync(`examples/${name}/expected.txt`, 'utf8'));
    });
  }

  it('end their own gateway when they are ended before it is ready', async () => {
    // It listens where the script does not look for it.
    const env = { ...process.env, ...productFreeEnvironment(), ...ownGateway, HOST: '127.0.0.2' };
    const group = startProcessGroup(process.execPath, ['scripts/run-example.mjs', '01-ask-and-wait'], env);
    try {
      const isServing = (): boolean => group.members().some((member) => member.includes(' serve'));
      await until(isServing, { what: 'its gateway', withinMs: 90_000 });
      const script = group.members().find((member) => member.includes('run-example.mjs'));
      process.kill(Number(script?.split(' ')[0]), 'SIGTERM');
      expect(await within(group.ended, { what: 'its end', withinMs: 15_000 })).not.to.equal(null);
      await until(() => group.members().length === 0, { what: 'the end of its gateway' });
    } finally {
      group.kill();
    }
  });
});
