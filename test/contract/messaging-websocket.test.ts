import { brokerLabels } from '../support/brokers.js';
import { startBroker } from '../support/started-broker.js';
import { openWebSocketEndpoint } from '../support/websocket-endpoint.js';
import { embeddedDeviations } from './messaging/embedded-deviations.js';
import { describeMessagingContract } from './messaging.suite.js';
import { connectStomp } from './stomp-messaging.js';

describeMessagingContract({
  name: 'the STOMP adapter over WebSocket',
  broker: brokerLabels.embedded,
  connect: connectStomp,
  start: async () => {
    const { broker, url, stop } = await startBroker();
    const endpoint = await openWebSocketEndpoint(broker);
    return {
      url: endpoint.url,
      rawUrl: url,
      stop: async () => {
        await stop();
        await endpoint.close();
      },
    };
  },
  ...embeddedDeviations,
});
