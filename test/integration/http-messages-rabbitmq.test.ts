import { describeOn } from '../support/brokers.js';
import { describeMessages } from './http-messages.suite.js';

describeOn('rabbitmq', 'messages over HTTP', (rabbitmq) => {
  describeMessages(() => rabbitmq().url);
});
