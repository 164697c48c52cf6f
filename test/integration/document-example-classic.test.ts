import { describeOn } from '../support/brokers.js';
import { describeDocumentExample } from './document-example.suite.js';

describeOn('classic', "the document's example", (classic) => {
  describeDocumentExample(() => classic().url);
});
