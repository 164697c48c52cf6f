import { describeOn } from '../support/brokers.js';
import { describeSeveralQueues } from './several-queues.suite.js';

describeOn('classic', 'several queues at once', (classic) => {
  describeSeveralQueues(() => classic().url);
});
