import { describeOn } from '../support/brokers.js';
import { describeStrangeMessages } from './strange-messages.suite.js';

describeOn('rabbitmq', 'messages from strangers', (broker) => {
  describeStrangeMessages(() => broker().url);
});
