import { artemisDistribution, startArtemis } from '../support/artemis.js';
import { brokerLabels } from '../support/brokers.js';
import { describeRestartContract } from './messaging-restart.suite.js';
import { connectStomp } from './stomp-messaging.js';

describeRestartContract({
  name: 'the STOMP adapter',
  broker: brokerLabels.artemis,
  connect: connectStomp,
  start: async () => {
    const distribution = await artemisDistribution();
    return 'unavailable' in distribution ? distribution : await startArtemis();
  },
});
