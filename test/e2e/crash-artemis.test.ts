import { describeOn } from '../support/brokers.js';
import { describeCrashes } from './crash.suite.js';

describeOn('artemis', 'a crash between two steps', (artemis) => {
  describeCrashes(() => artemis().url);
});
