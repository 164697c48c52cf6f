import { describeOn } from '../support/brokers.js';
import { describeLibrary } from './library.suite.js';

describeOn('classic', 'the library', (classic) => {
  describeLibrary(() => classic().url);
});
