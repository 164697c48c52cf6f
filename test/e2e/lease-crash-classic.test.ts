import { describeOn } from '../support/brokers.js';
import { describeLeaseCrashes } from './lease-crash.suite.js';

describeOn('classic', 'a crash while consumers over HTTP hold messages', (classic) => {
  describeLeaseCrashes(() => classic().url);
});
