import { brokerLabels } from '../support/brokers.js';
import { startBroker } from '../support/started-broker.js';
import type { TlsEndpoint } from '../support/tls-endpoint.js';
import { openTlsEndpoint } from '../support/tls-endpoint.js';
import { embeddedDeviations } from './messaging/embedded-deviations.js';
import { describeMessagingContract } from './messaging.suite.js';
import { connectStomp } from './stomp-messaging.js';

let endpoint: TlsEndpoint | null = null;

describeMessagingContract({
  name: 'the STOMP adapter over TLS',
  broker: brokerLabels.embedded,
  connect: (options) => connectStomp({ ...options, tls: { ca: endpoint?.ca } }),
  start: async () => {
    const { url, stop } = await startBroker();
    endpoint = await openTlsEndpoint(url);
    if (endpoint === null) {
      await stop();
      return { unavailable: 'openssl is not installed, so no certificate can be made' };
    }
    const tls = endpoint;
    return {
      url: tls.url,
      rawUrl: url,
      stop: async () => {
        await stop();
        await tls.close();
      },
    };
  },
  ...embeddedDeviations,
});
