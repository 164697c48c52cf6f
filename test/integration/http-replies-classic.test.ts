import { describeOnClassic } from '../support/brokers.js';
import { describeReplies } from './http-replies.suite.js';

describeOnClassic('replies over HTTP', (classic) => {
  describeReplies(() => classic().url);
});
