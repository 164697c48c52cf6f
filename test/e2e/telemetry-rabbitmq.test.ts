import { describeOn } from '../support/brokers.js';
import { describeTelemetry } from './telemetry.suite.js';

describeOn('rabbitmq', 'the trace of a call', (rabbitmq) => {
  describeTelemetry({ url: () => rabbitmq().url, system: 'rabbitmq' });
});
