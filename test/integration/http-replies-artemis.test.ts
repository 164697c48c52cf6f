import { describeOn } from '../support/brokers.js';
import { describeReplies } from './http-replies.suite.js';

describeOn('artemis', 'replies over HTTP', (artemis) => {
  describeReplies(() => artemis().url);
});
