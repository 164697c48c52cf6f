/**
 * Places that many have to share, in number and in bytes: messages under way to several queues, for instance. A queue
 * that confirms nothing keeps its places until the deadline of the receipts; so whoever has more than what is left, in
 * number or in bytes, gets no more, and several such queues leave places to others.
 */
export interface Shares {
  /** The returned function gives the place back. */
  take(holder: string, bytes: number): () => void;
  /** Whether one more of so many bytes may be taken; always where nothing is taken, however large it is. */
  hasRoom(holder: string, bytes: number): boolean;
  /** Who has no room, whatever the bytes. */
  crowded(): readonly string[];
  /** At least 0. */
  readonly left: number;
  /** At least 0. */
  readonly leftBytes: number;
}

export interface SharesOptions {
  readonly places: number;
  /** Of all that is taken together. */
  readonly bytes: number;
}

interface Share {
  readonly count: number;
  readonly bytes: number;
}

const none: Share = { count: 0, bytes: 0 };

export function createShares(most: SharesOptions): Shares {
  const taken = new Map<string, Share>();
  let all = none;

  function change(holder: string, bytes: number, by: 1 | -1): void {
    const before = taken.get(holder) ?? none;
    const share = { count: before.count + by, bytes: before.bytes + by * bytes };
    if (share.count === 0) taken.delete(holder);
    else taken.set(holder, share);
    all = { count: all.count + by, bytes: all.bytes + by * bytes };
  }

  const left = (): number => Math.max(0, most.places - all.count);
  const leftBytes = (): number => Math.max(0, most.bytes - all.bytes);
  const isCrowded = ({ count, bytes }: Share): boolean => count > left() || bytes > leftBytes();

  return {
    take(holder, bytes) {
      change(holder, bytes, 1);
      return () => change(holder, bytes, -1);
    },
    hasRoom(holder, bytes) {
      if (all.count === 0) return true;
      if (left() === 0 || leftBytes() === 0 || bytes > leftBytes()) return false;
      return !isCrowded(taken.get(holder) ?? none);
    },
    crowded: () => [...taken].filter(([, share]) => isCrowded(share)).map(([holder]) => holder),
    get left() {
      return left();
    },
    get leftBytes() {
      return leftBytes();
    },
  };
}
