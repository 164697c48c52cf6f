import { describeOnClassic } from '../support/brokers.js';
import { describeDocumentExample } from './document-example.suite.js';

describeOnClassic("the document's example", (classic) => {
  describeDocumentExample(() => classic().url);
});
