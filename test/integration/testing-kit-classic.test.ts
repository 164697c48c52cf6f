import { describeOn } from '../support/brokers.js';
import { describeFaultyNetwork } from './testing-kit.suite.js';

describeOn('classic', 'a faulty network', (classic) => {
  describeFaultyNetwork(() => classic().url);
});
