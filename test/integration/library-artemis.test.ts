import { describeOn } from '../support/brokers.js';
import { describeLibrary } from './library.suite.js';

describeOn('artemis', 'the library', (artemis) => {
  describeLibrary(() => artemis().url);
});
