import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeStatusKill } from './status-kill.suite.js';

describe(titleOn(brokerLabels.embedded, 'status events while the gateway is killed'), () => {
  describeStatusKill(() => undefined);
});
