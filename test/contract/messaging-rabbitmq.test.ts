import { brokerLabels, sharedBroker } from '../support/brokers.js';
import { rabbitmqDeviations } from './messaging/rabbitmq-deviations.js';
import { describeMessagingContract } from './messaging.suite.js';
import { connectStomp } from './stomp-messaging.js';

describeMessagingContract({
  name: 'the STOMP adapter',
  broker: brokerLabels.rabbitmq,
  connect: connectStomp,
  // It belongs to the whole run, which stops it.
  start: () => Promise.resolve({ ...sharedBroker('rabbitmq'), stop: () => Promise.resolve() }),
  ...rabbitmqDeviations('tcp'),
});
