import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeDocumentExample } from './document-example.suite.js';

describe(titleOn(brokerLabels.embedded, "the document's example"), () => {
  describeDocumentExample(() => undefined);
});
