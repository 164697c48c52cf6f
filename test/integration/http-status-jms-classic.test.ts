import { describeOn } from '../support/brokers.js';
import { openWireClient } from '../support/jms-service.js';
import { describeStatusJms } from './http-status-jms.suite.js';

describeOn('classic', 'status events of JMS clients', (classic) => {
  describeStatusJms(classic, openWireClient);
});
