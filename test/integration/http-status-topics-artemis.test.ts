import { describeOn } from '../support/brokers.js';
import { describeStatusTopics } from './http-status-topics.suite.js';

describeOn('artemis', 'status topics', (artemis) => {
  describeStatusTopics(() => artemis().url, 'status.#');
});
