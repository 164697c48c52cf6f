import { describeOn } from '../support/brokers.js';
import { describeCancel } from './http-cancel.suite.js';

describeOn('artemis', 'cancel over HTTP', (artemis) => {
  describeCancel(() => artemis().url);
});
