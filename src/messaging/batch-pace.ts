/**
 * How much work of no hurry is done at a time, and how long it rests in between: whoever calls waits for a batch at most, and has
 * at least as much time as all batches together. A batch grows while it is short, and shrinks when it takes too long.
 */
export interface BatchPace {
  /** Of the next batch. */
  readonly size: number;
  /** Takes in how long a batch took, in which so many were done; gives the milliseconds until the next. */
  rest(tookMs: number, done: number): number;
}

export interface BatchPaceOptions {
  readonly least: number;
  readonly most: number;
}

/** Nobody notices that; a disk that is slow for once makes it more. */
const aimMs = 10;
/** Timers are exact to this. */
const leastRestMs = 1;

export function createBatchPace({ least, most }: BatchPaceOptions): BatchPace {
  let size = least;
  return {
    get size() {
      return size;
    },
    rest(tookMs, done) {
      const share = tookMs === 0 ? 2 : Math.min(2, aimMs / tookMs);
      // What was not full tells nothing of one that is.
      if (done >= size || share < 1) size = Math.min(most, Math.max(least, Math.floor(size * share)));
      return Math.max(leastRestMs, Math.ceil(tookMs));
    },
  };
}
