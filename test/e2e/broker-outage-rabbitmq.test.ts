import { brokerLabels, titleOn } from '../support/brokers.js';
import { startOwnRabbitmq } from '../support/rabbitmq.js';
import { describeBrokerOutage } from './broker-outage.suite.js';

describe(titleOn(brokerLabels.rabbitmq, 'a broker outage under load'), () => {
  describeBrokerOutage(startOwnRabbitmq);
});
