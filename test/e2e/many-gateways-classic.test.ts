import { describeOn } from '../support/brokers.js';
import { describeManyGateways } from './many-gateways.suite.js';

describeOn('classic', 'many gateways', (classic) => {
  describeManyGateways(() => classic().url);
});
