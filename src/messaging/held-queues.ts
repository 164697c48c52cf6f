/**
 * Queues that the broker does not take messages for at present: a receipt missed its deadline, or the broker
 * refused. A held queue gets no message but, after a back-off, its oldest one alone as a probe; the other
 * queues go on. Nothing is resent into a full broker.
 */
import type { Clock } from '#core/ports/clock.js';

export interface HeldQueues {
  /** Holds the queue, longer each time its probe fails in a row. Again before the probe changes nothing: false. */
  hold(queue: string): boolean;
  /** The probe said nothing about the queue: it is due again after the same time. Nothing when it is not due. */
  postpone(queue: string): void;
  /** The broker took a message: the queue is free again. */
  release(queue: string): void;
  isHeld(queue: string): boolean;
  names(): readonly string[];
  /** Cancels every timer; nothing is held any more. */
  stop(): void;
}

const firstHoldMs = 1_000;
const longestHoldMs = 60_000;

interface Hold {
  readonly ms: number;
  readonly cancel: () => void;
  isDue: boolean;
}

/** `onProbe` is called when it is time to try the queue with one message. */
export function createHeldQueues(clock: Clock, onProbe: (queue: string) => void): HeldQueues {
  const held = new Map<string, Hold>();
  let stopped = false;

  function holdFor(queue: string, ms: number): void {
    const cancel = clock.after(ms, () => {
      hold.isDue = true;
      onProbe(queue);
    });
    const hold: Hold = { ms, cancel, isDue: false };
    held.set(queue, hold);
  }

  return {
    hold(queue) {
      const before = held.get(queue);
      // What was under way when the queue was held fails too; that is no news.
      if (stopped || before?.isDue === false) return false;
      holdFor(queue, before === undefined ? firstHoldMs : Math.min(longestHoldMs, before.ms * 2));
      return true;
    },
    postpone(queue) {
      const before = held.get(queue);
      if (before?.isDue === true) holdFor(queue, before.ms);
    },
    release(queue) {
      held.get(queue)?.cancel();
      held.delete(queue);
    },
    isHeld: (queue) => held.has(queue),
    names: () => [...held.keys()],
    stop() {
      stopped = true;
      for (const { cancel } of held.values()) cancel();
      held.clear();
    },
  };
}
