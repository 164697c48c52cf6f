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

/** Milliseconds. */
export interface Delays {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Of microseconds. */
export function toDelays(delays: Histogram): Delays {
  const ms = (microseconds: number): number => microseconds / 1_000;
  return {
    count: delays.totalCount,
    p50: ms(delays.getValueAtPercentile(50)),
    p99: ms(delays.getValueAtPercentile(99)),
    max: ms(delays.maxValue),
  };
}
