import { describeOn } from '../support/brokers.js';
import { describeFaultyNetwork } from './testing-kit.suite.js';

describeOn('rabbitmq', 'a faulty network', (rabbitmq) => {
  describeFaultyNetwork(() => rabbitmq().url);
});
