import { describeOn } from '../support/brokers.js';
import { describeWaiting } from './http-waiting.suite.js';

describeOn('artemis', 'waiting over HTTP', (artemis) => {
  describeWaiting(() => artemis().url);
});
