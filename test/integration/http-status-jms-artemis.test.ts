import { describeOn } from '../support/brokers.js';
import { coreClient, openWireClient } from '../support/jms-service.js';
import { describeStatusJms } from './http-status-jms.suite.js';

describeOn('artemis', 'status events of JMS clients over OpenWire', (artemis) => {
  describeStatusJms(artemis, openWireClient);
});

describeOn('artemis', 'status events of JMS clients over Core', (artemis) => {
  describeStatusJms(artemis, coreClient);
});
