import { describeOn } from '../support/brokers.js';
import { describeSeveral } from './http-several.suite.js';

describeOn('artemis', 'several queues at once over HTTP', (artemis) => {
  describeSeveral(() => artemis().url);
});
