/** Tells listeners after a commit that it let status events into the log; a transaction that failed tells nobody. */
export interface EntryNotice {
  readonly listeners: Set<() => void>;
  /** In a transaction. */
  readonly entered: () => void;
  /** A transaction has ended well. */
  readonly committed: () => void;
}

export function createEntryNotice(): EntryNotice {
  const listeners = new Set<() => void>();
  let hasEntered = false;
  return {
    listeners,
    entered: () => (hasEntered = true),
    committed() {
      // A mark that a failed transaction left makes one look too many, never one too few.
      if (!hasEntered) return;
      hasEntered = false;
      for (const listener of [...listeners]) listener();
    },
  };
}
