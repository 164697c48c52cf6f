import { brokerLabels } from '../support/brokers.js';
import { startOwnRabbitmq } from '../support/rabbitmq.js';
import { describeRestartContract } from './messaging-restart.suite.js';
import { connectStomp } from './stomp-messaging.js';

describeRestartContract({
  name: 'the STOMP adapter',
  broker: brokerLabels.rabbitmq,
  connect: connectStomp,
  start: startOwnRabbitmq,
});
