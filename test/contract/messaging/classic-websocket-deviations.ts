/** What the WebSocket of ActiveMQ Classic does not do. docs/brokers.md says it in words. */
import type { SkippedCases } from './case.js';

export const classicWebSocketDeviations: readonly SkippedCases[] = [
  {
    reason: 'its WebSocket takes no bytes but UTF-8: they are refused at once',
    tests: [
      'carries a text in latin-1',
      'carries bytes that are no UTF-8 under a text type',
      'carries every possible byte',
      'carries bytes of 1 MiB',
      'carries bytes of 4 MiB, while small messages go on',
      'carries any body under any content type',
    ],
  },
  {
    reason: 'its WebSocket hands over bytes that are no UTF-8 as replacement characters',
    tests: ['delivers a foreign message that has none of our headers'],
  },
];
