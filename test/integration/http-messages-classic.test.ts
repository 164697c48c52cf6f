import { describeOn } from '../support/brokers.js';
import { describeMessages } from './http-messages.suite.js';

describeOn('classic', 'messages over HTTP', (classic) => {
  describeMessages(() => classic().url);
});
