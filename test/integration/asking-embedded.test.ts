import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeAsking } from './asking.suite.js';

describe(titleOn(brokerLabels.embedded, 'asking'), () => {
  describeAsking(() => undefined);
});
