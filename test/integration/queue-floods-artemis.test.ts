import { describeOn } from '../support/brokers.js';
import { describeQueueFloods } from './queue-floods.suite.js';

describeOn('artemis', 'floods of the own queues', (broker) => {
  describeQueueFloods(() => broker().url);
});
