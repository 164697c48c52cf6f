import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeWaiting } from './http-waiting.suite.js';

describe(titleOn(brokerLabels.embedded, 'waiting over HTTP'), () => {
  describeWaiting(() => undefined);
});
