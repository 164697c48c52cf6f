import { describeOn } from '../support/brokers.js';
import { describeCrashes } from './crash.suite.js';

describeOn('rabbitmq', 'a crash between two steps', (rabbitmq) => {
  describeCrashes(() => rabbitmq().url);
});
