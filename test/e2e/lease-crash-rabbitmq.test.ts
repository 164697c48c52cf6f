import { describeOn } from '../support/brokers.js';
import { describeLeaseCrashes } from './lease-crash.suite.js';

describeOn('rabbitmq', 'a crash while consumers over HTTP hold messages', (broker) => {
  describeLeaseCrashes(() => broker().url);
});
