import { describeOn } from '../support/brokers.js';
import { describeLibrary } from './library.suite.js';

describeOn('rabbitmq', 'the library', (rabbitmq) => {
  describeLibrary(() => rabbitmq().url);
});
