import { describeOn } from '../support/brokers.js';
import { describeWaiting } from './http-waiting.suite.js';

describeOn('classic', 'waiting over HTTP', (classic) => {
  describeWaiting(() => classic().url);
});
