import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeReplies } from './http-replies.suite.js';

describe(titleOn(brokerLabels.embedded, 'replies over HTTP'), () => {
  describeReplies(() => undefined);
});
