import { describeOn } from '../support/brokers.js';
import { describeWaiting } from './http-waiting.suite.js';

describeOn('rabbitmq', 'waiting over HTTP', (rabbitmq) => {
  describeWaiting(() => rabbitmq().url);
});
