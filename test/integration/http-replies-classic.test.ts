import { describeOn } from '../support/brokers.js';
import { describeReplies } from './http-replies.suite.js';

describeOn('classic', 'replies over HTTP', (classic) => {
  describeReplies(() => classic().url);
});
