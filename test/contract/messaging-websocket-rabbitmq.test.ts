import { brokerLabels, sharedBroker } from '../support/brokers.js';
import { rabbitmqDeviations } from './messaging/rabbitmq-deviations.js';
import { describeMessagingContract } from './messaging.suite.js';
import { connectStomp } from './stomp-messaging.js';

describeMessagingContract({
  name: 'the STOMP adapter over WebSocket',
  broker: brokerLabels.rabbitmq,
  connect: connectStomp,
  start: () => {
    const broker = sharedBroker('rabbitmq');
    if ('unavailable' in broker) return Promise.resolve(broker);
    const { url, webSocketUrl } = broker;
    if (webSocketUrl === null) return Promise.resolve({ unavailable: 'it has no WebSocket' });
    // It belongs to the whole run, which stops it.
    return Promise.resolve({ url: webSocketUrl, rawUrl: url, stop: () => Promise.resolve() });
  },
  ...rabbitmqDeviations('websocket'),
});
