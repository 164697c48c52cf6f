import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { toDelays } from '../../tools/delays.js';
import type { Delays } from '../../tools/delays.js';

/** In milliseconds. */
export interface Times extends Delays {
  readonly mean: number;
}

/** Times of a {@link LoadOutcome}. */
export function decodeDelays(encoded: string): Times {
  const histogram = decodeFromCompressedBase64(encoded);
  // That of nothing is no number.
  return { ...toDelays(histogram), mean: histogram.totalCount === 0 ? 0 : histogram.mean / 1_000 };
}
