import { describeOnClassic } from '../support/brokers.js';
import { describeLibrary } from './library.suite.js';

describeOnClassic('the library', (classic) => {
  describeLibrary(() => classic().url);
});
