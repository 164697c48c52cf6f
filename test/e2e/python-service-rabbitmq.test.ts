import { describeOn } from '../support/brokers.js';
import { describePythonService } from './python-service.suite.js';

describeOn('rabbitmq', 'the service in Python', (broker) => describePythonService(() => broker().url));
