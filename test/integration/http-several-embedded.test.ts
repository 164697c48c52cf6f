import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeSeveral } from './http-several.suite.js';

describe(titleOn(brokerLabels.embedded, 'several queues at once over HTTP'), () => {
  describeSeveral(() => undefined);
});
