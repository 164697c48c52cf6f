import { describeOn } from '../support/brokers.js';
import { describeAsking } from './asking.suite.js';

describeOn('classic', 'asking', (classic) => {
  describeAsking(() => classic().url);
});
