import { build } from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';

/** One microsecond to ten minutes, three digits. */
export function createDelays(): Histogram {
  return build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 600_000_000,
    numberOfSignificantValueDigits: 3,
  });
}
