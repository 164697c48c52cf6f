import { describeOn } from '../support/brokers.js';
import { describeSeveral } from './http-several.suite.js';

describeOn('rabbitmq', 'several queues at once over HTTP', (rabbitmq) => {
  describeSeveral(() => rabbitmq().url);
});
