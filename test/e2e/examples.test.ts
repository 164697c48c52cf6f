import { expect } from 'chai';
import { readFileSync, readdirSync } from 'node:fs';
import { startProcess } from '../support/process.js';
import { within } from '../support/until.js';

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
});
