/** The longest time in which nobody had an answer. */
export interface StallWatch {
  answered(): void;
  /** Nobody is asking any more. */
  stop(): void;
  longestMs(): number;
}

export function createStallWatch(now: () => number = () => performance.now()): StallWatch {
  let lastAt = now();
  let longest = 0;
  let isOver = false;

  function look(): void {
    if (isOver) return;
    const at = now();
    longest = Math.max(longest, at - lastAt);
    lastAt = at;
  }
  return {
    answered: look,
    stop() {
      look();
      isOver = true;
    },
    longestMs: () => Math.round(longest),
  };
}
