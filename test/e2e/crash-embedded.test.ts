import { brokerLabels, titleOn } from '../support/brokers.js';
import type { EmbeddedProcess } from '../support/embedded-process.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import { describeCrashes } from './crash.suite.js';

describe(titleOn(brokerLabels.embedded, 'a crash between two steps'), () => {
  let broker: EmbeddedProcess;
  before(async function () {
    this.timeout(60_000);
    broker = await startEmbeddedProcess();
  });
  after(() => broker.stop());
  describeCrashes(() => broker.url);
});
