import { activemqJars } from '../support/activemq-jars.js';
import { startClassic } from '../support/activemq.js';
import { brokerLabels } from '../support/brokers.js';
import { describeRestartContract } from './messaging-restart.suite.js';
import { connectStomp } from './stomp-messaging.js';

describeRestartContract({
  name: 'the STOMP adapter',
  broker: brokerLabels.classic,
  connect: connectStomp,
  start: async () => {
    const jars = await activemqJars();
    return 'unavailable' in jars ? { unavailable: jars.unavailable } : await startClassic();
  },
});
