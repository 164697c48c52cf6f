import { describeOn } from '../support/brokers.js';
import { describeTelemetry } from './telemetry.suite.js';

describeOn('artemis', 'the trace of a call', (artemis) => {
  describeTelemetry({ url: () => artemis().url, system: 'activemq' });
});
