import { brokerLabels } from '../support/brokers.js';
import { startBroker } from '../support/started-broker.js';
import { embeddedDeviations } from './messaging/embedded-deviations.js';
import { describeMessagingContract } from './messaging.suite.js';
import { connectStomp } from './stomp-messaging.js';

describeMessagingContract({
  name: 'the STOMP adapter',
  broker: brokerLabels.embedded,
  connect: connectStomp,
  start: startBroker,
  ...embeddedDeviations,
});
