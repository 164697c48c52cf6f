import type { HeldBytes } from './held-bytes.js';

/**
 * Finds the messages of our own subscriptions in what was announced as one body. The name of a subscription is drawn
 * anew for each connection, and who sends a message never learns it: a body that has a frame with that name in it is
 * longer than it should be, and no good one can look so, whatever is in it and however slowly it comes.
 */
export interface SwallowedFrames {
  /** Where the body really ended that begins here and was announced up to there; undefined as long as nothing is wrong. */
  endBefore(bodyFrom: number, announced: number): number | undefined;
  /** Whether the head of a frame, of which so many bytes are held, names one of our subscriptions. */
  isOurs(headBytes: number): boolean;
  /** Another body begins. */
  reset(): void;
}

const nul = 0;
const beginning = /^[\r\n]*MESSAGE\r?\n/u;
const longestBeginning = 64;

/** Without a key nothing is told apart. */
export function createSwallowedFrames(held: HeldBytes, subscriptionKey: string): SwallowedFrames {
  const named = Buffer.from(`\nsubscription:${subscriptionKey}`);
  /** Bytes that need no second look. */
  let searched = 0;

  return {
    endBefore(bodyFrom, announced) {
      if (subscriptionKey === '') return undefined;
      const until = Math.min(announced, held.length);
      for (;;) {
        const found = held.find(named, Math.max(bodyFrom, searched), until);
        if (found === -1) break;
        searched = found + 1;
        const stop = held.findLast(nul, found);
        if (stop < bodyFrom) continue;
        const text = held.text(stop + 1, Math.min(found + 1, stop + longestBeginning));
        if (beginning.test(text)) return stop;
      }
      // A name of which a part has come is looked at again.
      searched = Math.max(searched, until - named.length + 1);
      return undefined;
    },
    isOurs: (headBytes) => subscriptionKey === '' || held.find(named, 0, headBytes) !== -1,
    reset: () => void (searched = 0),
  };
}
