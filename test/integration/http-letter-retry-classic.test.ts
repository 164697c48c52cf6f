import { describeOn } from '../support/brokers.js';
import { describeLetterRetry } from './http-letter-retry.suite.js';

describeOn('classic', 'letters sent again', (broker) => {
  describeLetterRetry(() => broker().url);
});
