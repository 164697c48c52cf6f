import { describeOnClassic } from '../support/brokers.js';
import { describeCancel } from './http-cancel.suite.js';

describeOnClassic('cancel over HTTP', (classic) => {
  describeCancel(() => classic().url);
});
