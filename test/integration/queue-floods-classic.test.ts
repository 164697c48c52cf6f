import { describeOn } from '../support/brokers.js';
import { describeQueueFloods } from './queue-floods.suite.js';

describeOn('classic', 'floods of the own queues', (classic) => {
  describeQueueFloods(() => classic().url);
});
