import { describeOnClassic } from '../support/brokers.js';
import { describeKillGateway } from './kill-gateway.suite.js';

describeOnClassic('kill -9 of the gateway', (classic) => {
  describeKillGateway(() => classic().url);
});
