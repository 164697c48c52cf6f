import { describeOnClassic } from '../support/brokers.js';
import { describeAsking } from './asking.suite.js';

describeOnClassic('asking', (classic) => {
  describeAsking(() => classic().url);
});
