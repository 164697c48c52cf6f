import { brokerLabels, titleOn } from '../support/brokers.js';
import { describeTelemetry } from './telemetry.suite.js';

describe(titleOn(brokerLabels.embedded, 'the trace of a call'), () => {
  describeTelemetry({ url: () => undefined, system: 'replyto' });
});
