import { describeOn } from '../support/brokers.js';
import { describeSeveral } from './http-several.suite.js';

describeOn('classic', 'several queues at once over HTTP', (classic) => {
  describeSeveral(() => classic().url);
});
