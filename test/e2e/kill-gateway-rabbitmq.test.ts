import { describeOn } from '../support/brokers.js';
import { describeKillGateway } from './kill-gateway.suite.js';

describeOn('rabbitmq', 'kill -9 of the gateway', (rabbitmq) => {
  describeKillGateway(() => rabbitmq().url);
});
