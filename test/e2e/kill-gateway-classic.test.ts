import { describeOn } from '../support/brokers.js';
import { describeKillGateway } from './kill-gateway.suite.js';

describeOn('classic', 'kill -9 of the gateway', (classic) => {
  describeKillGateway(() => classic().url);
});
