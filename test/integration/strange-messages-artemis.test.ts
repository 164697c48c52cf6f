import { describeOn } from '../support/brokers.js';
import { describeStrangeMessages } from './strange-messages.suite.js';

describeOn('artemis', 'messages from strangers', (broker) => {
  describeStrangeMessages(() => broker().url);
});
