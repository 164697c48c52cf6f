import { activemqJars } from '../support/activemq-jars.js';
import { startClassic } from '../support/activemq.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeBrokerOutage } from './broker-outage.suite.js';

describe(titleOn(brokerLabels.classic, 'a broker outage under load'), () => {
  describeBrokerOutage(async () => {
    const jars = await activemqJars();
    return 'unavailable' in jars ? { unavailable: jars.unavailable } : await startClassic();
  });
});
