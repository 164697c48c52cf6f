import { expect } from 'chai';
import { join } from 'node:path';
import { createDeployment } from '#app/deployment.js';
import type { Deployment } from '#app/deployment.js';
import { loadConfiguration } from '#app/configuration/load.js';
import { isReplytoError } from '#core/errors.js';
import { uniqueName } from '../support/gateway.js';
import type { RecordingLogger } from '../support/recording.js';
import { createRecordingLogger } from '../support/recording.js';
import type { StartedBroker } from '../support/started-broker.js';
import { startBroker } from '../support/started-broker.js';
import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/until.js';

interface Started {
  readonly brokerUrl: string;
  readonly logger: RecordingLogger;
  /** Codes of what would have ended the process. */
  readonly fatal: readonly unknown[];
  stop(): Promise<void>;
}

/** Two deployments, each with a store of its own, that were given the same prefix on one broker. */
describe('two deployments with one prefix', () => {
  const folder = temporaryFolder();
  let deployments: Deployment[] = [];
  let prefix: string;

  beforeEach(() => {
    prefix = uniqueName('p').replaceAll('.', '-');
  });
  afterEach(async () => {
    for (const deployment of deployments.reverse()) await deployment.stop(5_000);
    deployments = [];
  });

  async function start(name: string, brokerUrl = 'embedded:'): Promise<Started> {
    const logger = createRecordingLogger();
    const fatal: unknown[] = [];
    const deployment = createDeployment({
      loaded: loadConfiguration({
        environment: {
          ...{ PORT: '0', BROKER_PORT: '0', REPLYTO_PREFIX: prefix },
          ...{ BROKER_URL: brokerUrl, DATA_DIR: join(folder(), name) },
        },
        workingFolder: folder(),
      }),
      logger,
      onFatal: (error) => fatal.push(isReplytoError(error) ? error.code : error),
    });
    deployments.push(deployment);
    const started = await deployment.start();
    return { brokerUrl: started.brokerUrl, logger, fatal, stop: () => deployment.stop(5_000) };
  }

  const receives = ({ logger }: Started): Promise<unknown> =>
    until(() => logger.sentences('info').includes('receiving replies'), { what: 'replies to be received' });

  it('the second one ends on the embedded broker of the first', async () => {
    const first = await start('first');
    await receives(first);
    const second = await start('second', first.brokerUrl);
    await until(() => second.fatal.length > 0, { what: 'the end of the second' });
    expect(second.fatal).to.deep.equal(['PREFIX_TAKEN']);
    expect(second.logger.sentences('info')).not.to.include('receiving replies');
    expect(first.fatal).to.deep.equal([]);
    expect(first.logger.sentences('error')).to.deep.equal([]);
  });

  it('an embedded broker has nobody to wait for, so its deployment receives at once', async () => {
    const tookMs: number[] = [];
    // A busy machine may be slow; a wait of a second would be there every time, and begins little before the end of the start.
    for (const name of ['first', 'second', 'third']) {
      const started = await start(name);
      const startedAt = performance.now();
      await receives(started);
      tookMs.push(performance.now() - startedAt);
      await started.stop();
    }
    expect(Math.min(...tookMs)).to.be.lessThan(500);
  });

  describe('on a broker of its own', () => {
    let broker: StartedBroker;
    let proxy: FaultyNetwork;
    beforeEach(async () => {
      broker = await startBroker();
      proxy = await startFaultyNetwork({ broker: broker.url });
    });
    // What the test started ends first.
    afterEach(async () => {
      for (const deployment of deployments.splice(0).reverse()) await deployment.stop(5_000);
      await proxy.stop();
      await broker.stop();
    });

    it('the first one finds out after an outage that the second started meanwhile, and says what to do', async () => {
      const first = await start('first', proxy.url);
      await receives(first);
      // Nothing reaches the first, as if its subscriptions were not back yet.
      proxy.holdAnswers();
      const second = await start('second', broker.url);
      await receives(second);
      proxy.resume();
      proxy.cut();
      const [told] = await until(
        () => {
          const errors = first.logger.entries.filter(({ facts }) => facts['code'] === 'PREFIX_TAKEN');
          return errors.length > 0 && errors;
        },
        { what: 'the first to say so' },
      );
      expect(told!.level).to.equal('error');
      expect(told!.sentence).to.contain(`'${prefix}'`).and.to.contain('instance').and.to.contain('give each');
      expect([...first.fatal, ...second.fatal]).to.deep.equal([]);
    });
  });
});
