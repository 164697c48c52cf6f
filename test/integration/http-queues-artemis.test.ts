import { describeOn } from '../support/brokers.js';
import { describeQueues } from './http-queues.suite.js';

describeOn('artemis', 'queues over HTTP', (broker) => {
  describeQueues(() => broker().url);
});
