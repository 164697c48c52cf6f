import { describeOn } from '../support/brokers.js';
import { describeFaultyNetwork } from './testing-kit.suite.js';

describeOn('artemis', 'a faulty network', (artemis) => {
  describeFaultyNetwork(
    () => artemis().url,
    'Artemis 2.44.0 can lock up a network thread for good when both sides end a connection at once',
  );
});
