import type { TestBroker } from '#testing/test-broker.js';
import { startTestBroker } from '#testing/test-broker.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeFaultyNetwork } from './testing-kit.suite.js';

describe(titleOn(brokerLabels.embedded, 'a faulty network'), () => {
  let broker: TestBroker;
  before(async () => {
    broker = await startTestBroker();
  });
  after(() => broker.stop());

  describeFaultyNetwork(() => broker.url);
});
