import { describeOn } from '../support/brokers.js';
import { describeAsking } from './asking.suite.js';

describeOn('artemis', 'asking', (artemis) => {
  describeAsking(() => artemis().url);
});
