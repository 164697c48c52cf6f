import type { Clock } from '#core/ports/clock.js';

/** One frame that is kept back. */
interface Held {
  /** Lets it go on now; again does nothing. */
  release(): void;
}

/** A rule, as far as it keeps frames. */
export interface HeldOwner {
  /** What it keeps of frames, until it goes on. */
  readonly held: Set<Held>;
  /** Of a swap: the first of the two, as long as the second has not come. */
  first: Held | 'coming' | undefined;
}

/** The frames of one direction of a connection that are kept back, each by a rule. */
export interface HeldFrames {
  /** Keeps it for so many milliseconds; Infinity: until it is released. */
  keep(owner: HeldOwner, ms: number, ends: HeldEnds): Held;
  readonly size: number;
  /** The connection has ended: none goes on. */
  lose(): void;
}

interface HeldEnds {
  /** `isDue`: because its time is over. */
  readonly goOn: (isDue: boolean) => void;
  readonly lost: () => void;
}

/** @param onEmpty nothing is kept any more, because it went on */
export function createHeldFrames(clock: Clock, onEmpty: () => void): HeldFrames {
  const losses = new Set<() => void>();
  return {
    keep(owner, ms, { goOn, lost }) {
      let cancel = (): void => undefined;
      const release = (isDue: boolean): void => {
        if (!end()) return;
        goOn(isDue);
        if (losses.size === 0) onEmpty();
      };
      const held: Held = { release: () => release(false) };
      const lose = (): void => {
        if (end()) lost();
      };
      const end = (): boolean => {
        cancel();
        owner.held.delete(held);
        if (owner.first === held) owner.first = undefined;
        return losses.delete(lose);
      };
      losses.add(lose);
      owner.held.add(held);
      if (ms !== Infinity) cancel = clock.after(ms, () => release(true));
      return held;
    },
    get size() {
      return losses.size;
    },
    lose() {
      for (const lose of [...losses]) lose();
    },
  };
}
