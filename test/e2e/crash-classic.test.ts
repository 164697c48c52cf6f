import { describeOnClassic } from '../support/brokers.js';
import { describeCrashes } from './crash.suite.js';

describeOnClassic('a crash between two steps', (classic) => {
  describeCrashes(() => classic().url);
});
