import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeStatusTopics } from './http-status-topics.suite.js';

describe(titleOn(brokerLabels.embedded, 'status topics'), () => {
  describeStatusTopics(() => undefined);
});
