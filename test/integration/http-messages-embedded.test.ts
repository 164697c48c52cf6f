import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeMessages } from './http-messages.suite.js';

describe(titleOn(brokerLabels.embedded, 'messages over HTTP'), () => {
  describeMessages(() => undefined);
});
