import { describeOn } from '../support/brokers.js';
import { describeDocumentExample } from './document-example.suite.js';

describeOn('artemis', "the document's example", (artemis) => {
  describeDocumentExample(() => artemis().url);
});
