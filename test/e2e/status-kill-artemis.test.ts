import { describeOn } from '../support/brokers.js';
import { describeStatusKill } from './status-kill.suite.js';

describeOn('artemis', 'status events while the gateway is killed', (artemis) => {
  describeStatusKill(() => artemis().url);
});
