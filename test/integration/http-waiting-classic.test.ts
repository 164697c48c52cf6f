import { describeOnClassic } from '../support/brokers.js';
import { describeWaiting } from './http-waiting.suite.js';

describeOnClassic('waiting over HTTP', (classic) => {
  describeWaiting(() => classic().url);
});
