import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeQueues } from './http-queues.suite.js';

describe(titleOn(brokerLabels.embedded, 'queues over HTTP'), () => {
  describeQueues();
});
