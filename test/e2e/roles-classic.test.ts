import { describeOn } from '../support/brokers.js';
import { describeRoles } from './roles.suite.js';

describeOn('classic', 'a gateway, a correlator and a relay', (classic) => {
  describeRoles(() => classic().url);
});
