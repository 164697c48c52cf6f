import { describeOn } from '../support/brokers.js';
import { describeKillGateway } from './kill-gateway.suite.js';

describeOn('artemis', 'kill -9 of the gateway', (artemis) => {
  describeKillGateway(() => artemis().url);
});
