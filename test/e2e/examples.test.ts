import { expect } from 'chai';
import { exampleNames, expectExample, ownGateway, runExample } from '../support/examples.js';
import { startProcessGroup } from '../support/process-group.js';
import { until, within } from '../support/until.js';

/** JMS does not reach the embedded broker; see examples-classic.test.ts. */
const onActivemqOnly = ['05-service-in-java'];

/** Each example is run by its one command and prints what its folder says. */
describe('the examples', function () {
  this.timeout(180_000);

  for (const name of exampleNames.filter((name) => !onActivemqOnly.includes(name))) {
    it(`${name} prints what it promises`, function () {
      return expectExample(this, name);
    });
  }

  for (const name of onActivemqOnly) {
    it(`${name} says what it needs where there is no ActiveMQ`, async () => {
      const { child, exit } = await runExample(name);
      expect(exit.code).to.equal(69);
      expect(child.stderr()).to.match(/^this example needs (an ActiveMQ, Classic or Artemis|Java)/mu);
    });
  }

  it('end their own gateway when they are ended before it is ready', async () => {
    // It listens where the script does not look for it.
    const env = { ...process.env, ...ownGateway, HOST: '127.0.0.2' };
    const group = startProcessGroup(process.execPath, ['scripts/run-example.mjs', '01-ask-and-wait'], env);
    try {
      const isServing = (): boolean => group.members().some((member) => member.includes(' serve'));
      await until(isServing, { what: 'its gateway', withinMs: 90_000 });
      const script = group.members().find((member) => member.includes('run-example.mjs'));
      process.kill(Number(script?.split(' ')[0]), 'SIGTERM');
      expect(await within(group.ended, { what: 'its end' })).not.to.equal(null);
      await until(() => group.members().length === 0, { what: 'the end of its gateway' });
    } finally {
      group.kill();
    }
  });
});
