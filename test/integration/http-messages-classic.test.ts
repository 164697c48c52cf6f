import { describeOnClassic } from '../support/brokers.js';
import { describeMessages } from './http-messages.suite.js';

describeOnClassic('messages over HTTP', (classic) => {
  describeMessages(() => classic().url);
});
