import { describeOn } from '../support/brokers.js';
import { describeStatusTopics } from './http-status-topics.suite.js';

describeOn('classic', 'status topics', (classic) => {
  describeStatusTopics(() => classic().url, 'status.>');
});
