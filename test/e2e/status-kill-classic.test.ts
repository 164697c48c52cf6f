import { describeOn } from '../support/brokers.js';
import { describeStatusKill } from './status-kill.suite.js';

describeOn('classic', 'status events while the gateway is killed', (classic) => {
  describeStatusKill(() => classic().url);
});
