import { describeOn } from '../support/brokers.js';
import { describeStompEndpoint } from './stomp-endpoint.suite.js';

describeOn('classic', 'STOMP over WebSocket for followers', (classic) => {
  describeStompEndpoint(() => classic().url);
});
