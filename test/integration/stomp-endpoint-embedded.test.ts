import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeStompEndpoint } from './stomp-endpoint.suite.js';

describe(titleOn(brokerLabels.embedded, 'STOMP over WebSocket for followers'), () => {
  describeStompEndpoint();
});
