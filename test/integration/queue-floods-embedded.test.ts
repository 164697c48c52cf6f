import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeQueueFloods } from './queue-floods.suite.js';

describe(titleOn(brokerLabels.embedded, 'floods of the own queues'), function () {
  this.timeout(120_000);
  describeQueueFloods(() => undefined);
});
