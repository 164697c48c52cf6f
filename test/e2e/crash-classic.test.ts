import { describeOn } from '../support/brokers.js';
import { describeCrashes } from './crash.suite.js';

describeOn('classic', 'a crash between two steps', (classic) => {
  describeCrashes(() => classic().url);
});
