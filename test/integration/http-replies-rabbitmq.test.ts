import { describeOn } from '../support/brokers.js';
import { describeReplies } from './http-replies.suite.js';

describeOn('rabbitmq', 'replies over HTTP', (rabbitmq) => {
  describeReplies(() => rabbitmq().url);
});
