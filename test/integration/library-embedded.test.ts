import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeLibrary } from './library.suite.js';

describe(titleOn(brokerLabels.embedded, 'the library'), () => {
  describeLibrary(() => undefined);
});
