import { describeOn } from '../support/brokers.js';
import { describeMessages } from './http-messages.suite.js';

describeOn('artemis', 'messages over HTTP', (artemis) => {
  describeMessages(() => artemis().url);
});
