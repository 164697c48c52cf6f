import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeCancel } from './http-cancel.suite.js';

describe(titleOn(brokerLabels.embedded, 'cancel over HTTP'), () => {
  describeCancel(() => undefined);
});
