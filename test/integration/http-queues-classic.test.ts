import { describeOn } from '../support/brokers.js';
import { describeQueues } from './http-queues.suite.js';

describeOn('classic', 'queues over HTTP', (classic) => {
  describeQueues(() => classic().url);
});
