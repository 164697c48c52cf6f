import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { artemisDeviations } from '../../contract/messaging/artemis-deviations.js';
import { rabbitmqDeviations } from '../../contract/messaging/rabbitmq-deviations.js';
import { classicWebSocketDeviations } from '../../contract/messaging/classic-websocket-deviations.js';

/** Headings of docs/brokers.md, and what the contract suite skips on those brokers. */
const deviations = {
  'ActiveMQ Artemis': artemisDeviations.skip,
  'ActiveMQ Classic': classicWebSocketDeviations,
  RabbitMQ: rabbitmqDeviations('tcp').skip ?? [],
};

describe('the page about brokers', () => {
  const page = readFileSync('docs/brokers.md', 'utf8');

  for (const [heading, skipped] of Object.entries(deviations)) {
    it(`says under ${heading} every reason for which a case of the contract is skipped there`, () => {
      const section = page.split('\n## ').find((text) => text.startsWith(`${heading}\n`)) ?? '';
      expect(skipped).to.not.have.length(0);
      for (const { reason } of skipped) expect(section).to.contain(`| ${reason} |`);
    });
  }
});
