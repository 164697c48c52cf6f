import type { WithinOptions } from '../waiting.js';
import type { SeenFrame } from './seen-frame.js';

/** A rule of a faulty network, and what it has done so far. */
export interface FaultRule {
  /** Frames that matched, until all that it means had come. */
  readonly seen: number;
  /** Frames that it was applied to; of a swap the first of each two. */
  readonly applied: number;
  /** Those frames, in order; the latest 10,000. */
  readonly frames: readonly SeenFrame[];
  /** Frames, or copies of frames, that it keeps now. */
  readonly holding: number;
  /**
   * Waits until it was applied to so many frames (default 1), and resolves with the last of them.
   *
   * @throws Error when that takes longer than `withinMs` milliseconds of real time, default 10,000
   */
  reached(count?: number, options?: WithinOptions): Promise<SeenFrame>;
  /** Lets go what it keeps. */
  release(): void;
  /** No frame is touched by it any more; what it keeps goes on. */
  remove(): void;
}
