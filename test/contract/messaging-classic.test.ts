import { brokerLabels, sharedBroker } from '../support/brokers.js';
import { describeMessagingContract } from './messaging.suite.js';
import { connectStomp } from './stomp-messaging.js';

describeMessagingContract({
  name: 'the STOMP adapter',
  broker: brokerLabels.classic,
  connect: connectStomp,
  // It belongs to the whole run, which stops it.
  start: () => Promise.resolve({ ...sharedBroker('classic'), stop: () => Promise.resolve() }),
});
