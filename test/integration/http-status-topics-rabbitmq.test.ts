import { describeOn } from '../support/brokers.js';
import { describeStatusTopics } from './http-status-topics.suite.js';

describeOn('rabbitmq', 'status topics', (rabbitmq) => {
  describeStatusTopics(() => rabbitmq().url, 'status.#');
});
