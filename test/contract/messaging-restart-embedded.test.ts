import { brokerLabels } from '../support/brokers.js';
import { startEmbeddedProcess } from '../support/embedded-process.js';
import { describeRestartContract } from './messaging-restart.suite.js';
import { connectStomp } from './stomp-messaging.js';

describeRestartContract({
  name: 'the STOMP adapter',
  broker: brokerLabels.embedded,
  connect: connectStomp,
  start: startEmbeddedProcess,
});
