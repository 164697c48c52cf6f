import { describeOn } from '../support/brokers.js';
import { describeTelemetry } from './telemetry.suite.js';

describeOn('classic', 'the trace of a call', (classic) => {
  describeTelemetry({ url: () => classic().url, system: 'activemq' });
});
