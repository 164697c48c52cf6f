import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeSeveralQueues } from './several-queues.suite.js';

describe(titleOn(brokerLabels.embedded, 'several queues at once'), () => {
  describeSeveralQueues(() => undefined);
});
