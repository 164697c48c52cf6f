import { brokerLabels, titleOn } from '../support/brokers.js';
import type { StartedBroker } from '../support/started-broker.js';
import { startBroker } from '../support/started-broker.js';
import { describePythonService } from './python-service.suite.js';

describe(titleOn(brokerLabels.embedded, 'the service in Python'), () => {
  let broker: StartedBroker | undefined;

  before(async () => {
    broker = await startBroker();
  });
  after(() => broker?.stop());

  describePythonService(() => broker!.url);
});
