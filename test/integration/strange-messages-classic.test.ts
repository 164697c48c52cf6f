import { describeOn } from '../support/brokers.js';
import { describeStrangeMessages } from './strange-messages.suite.js';

describeOn('classic', 'messages from strangers', (classic) => {
  describeStrangeMessages(() => classic().url);
});
