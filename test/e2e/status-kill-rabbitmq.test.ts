import { describeOn } from '../support/brokers.js';
import { describeStatusKill } from './status-kill.suite.js';

describeOn('rabbitmq', 'status events while the gateway is killed', (rabbitmq) => {
  describeStatusKill(() => rabbitmq().url);
});
