import { describeServiceExamples } from './examples.suite.js';

describeServiceExamples('classic');
