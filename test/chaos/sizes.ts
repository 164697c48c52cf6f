/** How much of everything, in each row. */
import type { Size } from './rows/row.js';

export const sizes = {
  /** With the tests of every day. */
  short: { requests: 300, kills: 1, stopMs: 3_000, randomMs: 12_000 },
  /** A stopped gateway is away for longer than its lease lasts. */
  full: { requests: 2_000, kills: 5, stopMs: 45_000, randomMs: 60_000 },
} as const satisfies Readonly<Record<string, Size>>;
