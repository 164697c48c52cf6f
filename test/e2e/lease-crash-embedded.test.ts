import { brokerLabels, titleOn } from '../support/brokers.js';
import type { EmbeddedProcess } from '../support/embedded-process.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import { describeLeaseCrashes } from './lease-crash.suite.js';

describe(titleOn(brokerLabels.embedded, 'a crash while consumers over HTTP hold messages'), () => {
  let broker: EmbeddedProcess;
  before(async function () {
    this.timeout(60_000);
    broker = await startEmbeddedProcess();
  });
  after(() => broker.stop());
  describeLeaseCrashes(() => broker.url);
});
