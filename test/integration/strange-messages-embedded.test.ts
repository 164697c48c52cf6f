import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeStrangeMessages } from './strange-messages.suite.js';

describe(titleOn(brokerLabels.embedded, 'messages from strangers'), function () {
  this.timeout(60_000);
  describeStrangeMessages(() => undefined);
});
