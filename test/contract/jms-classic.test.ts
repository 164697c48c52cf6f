import { describeOn } from '../support/brokers.js';
import { openWireClient } from '../support/jms-service.js';
import { describeJmsService } from './jms.suite.js';

for (const copiesProperties of [false, true]) {
  const kind = copiesProperties ? 'a JMS service that copies all properties' : 'a plain JMS service';
  describeOn('classic', kind, (classic) => {
    describeJmsService(classic, { client: openWireClient, copiesProperties });
  });
}
