/** ActiveMQ Artemis: as it comes, over WebSocket, and with an acceptor that knows the prefixes of Classic. */
import { startArtemis } from '../support/artemis.js';
import { brokerLabels, sharedBroker } from '../support/brokers.js';
import { artemisDeviations } from './messaging/artemis-deviations.js';
import { describeMessagingContract } from './messaging.suite.js';
import { connectStomp } from './stomp-messaging.js';

const common = { broker: brokerLabels.artemis, connect: connectStomp, ...artemisDeviations };
/** A shared broker belongs to the whole run, which stops it. */
const stop = (): Promise<void> => Promise.resolve();

describeMessagingContract({
  ...common,
  name: 'the STOMP adapter',
  start: () => Promise.resolve({ ...sharedBroker('artemis'), stop }),
});

describeMessagingContract({
  ...common,
  name: 'the STOMP adapter over WebSocket',
  start: () => {
    const broker = sharedBroker('artemis');
    if ('unavailable' in broker) return Promise.resolve(broker);
    return Promise.resolve({ url: broker.webSocketUrl!, rawUrl: broker.url, stop });
  },
});

describeMessagingContract({
  ...common,
  name: 'the STOMP adapter to an acceptor with prefixes',
  start: async () => {
    const shared = sharedBroker('artemis');
    if ('unavailable' in shared) return shared;
    return await startArtemis({ acceptor: 'anycastPrefix=/queue/;multicastPrefix=/topic/' });
  },
  bench: { ...artemisDeviations.bench, usesPrefixes: true },
});
