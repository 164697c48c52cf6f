import { describeOn } from '../support/brokers.js';
import { describeAsking } from './asking.suite.js';

describeOn('rabbitmq', 'asking', (rabbitmq) => {
  describeAsking(() => rabbitmq().url);
});
