import { artemisDistribution, startArtemis } from '../support/artemis.js';
import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeBrokerOutage } from './broker-outage.suite.js';

describe(titleOn(brokerLabels.artemis, 'a broker outage under load'), () => {
  describeBrokerOutage(async () => {
    const distribution = await artemisDistribution();
    return 'unavailable' in distribution ? distribution : await startArtemis();
  });
});
