import { describeOn } from '../support/brokers.js';
import { describeFaultyNetwork } from './testing-kit.suite.js';

describeOn('artemis', 'a faulty network', (artemis) => {
  describeFaultyNetwork(() => artemis().url);
});
