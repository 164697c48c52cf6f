import { describeOn } from '../support/brokers.js';
import { describeCancel } from './http-cancel.suite.js';

describeOn('rabbitmq', 'cancel over HTTP', (rabbitmq) => {
  describeCancel(() => rabbitmq().url);
});
