import type { Clock } from '#core/ports/clock.js';
import type { SessionLimits } from './limits.js';

export interface StallWatchOptions {
  readonly limits: SessionLimits;
  readonly clock: Clock;
  readonly midFrame: () => boolean;
  readonly bufferedBytes: () => number;
  /** A frame began and does not go on. */
  readonly onHalfFrame: () => void;
  /** The client is owed bytes and takes none. */
  readonly onOutputStuck: () => void;
  /** Stop and go on reading what the client sends. */
  readonly pause: () => void;
  readonly resume: () => void;
}

/** Looks after a connection that stands still, in either direction. At most one timer for each. */
export interface StallWatch {
  received(): void;
  sent(): void;
  flushed(): void;
  /** Whether nothing is read now, so that the client's silence means nothing. */
  readonly paused: boolean;
  /** What comes in does not matter any more; what goes out does. */
  ignoreInput(): void;
  stop(): void;
}

/** Answers (receipts, errors) are bounded too: a client that sends but never reads is not read from beyond this multiple. */
const pauseFactor = 4;

export function createStallWatch(options: StallWatchOptions): StallWatch {
  const { limits, clock } = options;
  let receivedAt = 0;
  let flushedAt = 0;
  let cancelInput: (() => void) | undefined;
  let cancelOutput: (() => void) | undefined;
  let paused = false;
  let ignoring = false;

  function watchInput(afterMs: number): void {
    cancelInput = clock.after(afterMs, () => {
      cancelInput = undefined;
      if (!options.midFrame() || paused) return;
      const leftMs = receivedAt + limits.frameStallMs - clock.monotonic();
      if (leftMs > 0) watchInput(leftMs);
      else options.onHalfFrame();
    });
  }

  function watchOutput(afterMs: number): void {
    cancelOutput = clock.after(afterMs, () => {
      cancelOutput = undefined;
      if (options.bufferedBytes() === 0) return;
      const leftMs = flushedAt + limits.outputStallMs - clock.monotonic();
      if (leftMs > 0) watchOutput(leftMs);
      else options.onOutputStuck();
    });
  }

  return {
    received() {
      receivedAt = clock.monotonic();
      if (!ignoring && cancelInput === undefined && options.midFrame()) watchInput(limits.frameStallMs);
    },
    sent() {
      if (cancelOutput === undefined) {
        flushedAt = clock.monotonic();
        watchOutput(limits.outputStallMs);
      }
      if (paused || ignoring || options.bufferedBytes() <= pauseFactor * limits.outputBytes) return;
      paused = true;
      options.pause();
    },
    flushed() {
      flushedAt = clock.monotonic();
      if (!paused || options.bufferedBytes() > limits.outputBytes) return;
      paused = false;
      receivedAt = flushedAt;
      options.resume();
      if (cancelInput === undefined && options.midFrame()) watchInput(limits.frameStallMs);
    },
    get paused() {
      return paused;
    },
    ignoreInput() {
      ignoring = true;
      cancelInput?.();
      cancelInput = undefined;
    },
    stop() {
      ignoring = true;
      cancelInput?.();
      cancelOutput?.();
    },
  };
}
