import { describeOn } from '../support/brokers.js';
import { describeDocumentExample } from './document-example.suite.js';

describeOn('rabbitmq', "the document's example", (rabbitmq) => {
  describeDocumentExample(() => rabbitmq().url);
});
