import { brokerLabels, titleOn } from '../support/brokers.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import { describeBrokerOutage } from './broker-outage.suite.js';

describe(titleOn(brokerLabels.embedded, 'a broker outage under load'), () => {
  describeBrokerOutage(startEmbeddedProcess);
});
