import { describeOn } from '../support/brokers.js';
import { describeCancel } from './http-cancel.suite.js';

describeOn('classic', 'cancel over HTTP', (classic) => {
  describeCancel(() => classic().url);
});
