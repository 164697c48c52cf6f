import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeKillGateway } from './kill-gateway.suite.js';

describe(titleOn(brokerLabels.embedded, 'kill -9 of the gateway'), () => {
  describeKillGateway(() => undefined);
});
