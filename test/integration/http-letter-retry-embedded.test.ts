import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeLetterRetry } from './http-letter-retry.suite.js';

describe(titleOn(brokerLabels.embedded, 'letters sent again'), () => {
  describeLetterRetry();
});
