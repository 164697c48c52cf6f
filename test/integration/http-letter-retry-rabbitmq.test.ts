import { describeOn } from '../support/brokers.js';
import { describeLetterRetry } from './http-letter-retry.suite.js';

describeOn('rabbitmq', 'letters sent again', (broker) => {
  describeLetterRetry(() => broker().url);
});
