import { describeOn } from '../support/brokers.js';
import { coreClient, openWireClient } from '../support/jms-service.js';
import { describeJmsService } from './jms.suite.js';

for (const replyToStyle of ['stomp', 'jms'] as const) {
  const client = openWireClient;
  describeOn(
    'artemis',
    `a plain JMS service over OpenWire, asked in the style of ${replyToStyle}`,
    (artemis) => {
      describeJmsService(artemis, { client, replyToStyle, copiesProperties: false });
    },
  );

  describeOn('artemis', `the same, copying all properties, in the style of ${replyToStyle}`, (artemis) => {
    describeJmsService(artemis, { client, replyToStyle, copiesProperties: true });
  });
}

// It takes a plain name for a topic; a service cannot copy properties with it, because it refuses names with hyphens.
describeOn('artemis', 'a plain JMS service over Core, asked in the style of JMS', (artemis) => {
  describeJmsService(artemis, { client: coreClient, replyToStyle: 'jms', copiesProperties: false });
});
