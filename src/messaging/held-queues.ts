/**
 * Queues that the broker does not take messages for at present: a receipt missed its deadline, or the broker
 * refused. A held queue gets no message but, after a back-off, its oldest one alone as a probe; the other
 * queues go on. Nothing is resent into a full broker, and of thousands of held queues a few at a time are probed.
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
/** Queues whose probes begin at the same time; others whose time has come wait for their turn. */
const mostProbes = 10;
/** A queue that has room confirms at once: one that does not keeps its turn no longer, while its probe goes on. */
const turnMs = 2_000;

interface Hold {
  readonly ms: number;
  readonly cancel: () => void;
}

/** `onProbe` is called when it is time to try the queue with one message. */
export function createHeldQueues(clock: Clock, onProbe: (queue: string) => void): HeldQueues {
  const held = new Map<string, Hold>();
  /** Their time has come, in this order; the first few are being probed. */
  const due = new Set<string>();
  /** Gives back the turn of a queue whose probe has no outcome yet. */
  const probing = new Map<string, () => void>();
  let turns = 0;
  let isChoosing = false;
  let stopped = false;

  function holdFor(queue: string, ms: number): void {
    const cancel = clock.after(ms, () => {
      due.add(queue);
      probeSome();
    });
    held.set(queue, { ms, cancel });
  }

  /** A probe may end at once and ask for the next: that is the loop's to give. */
  function probeSome(): void {
    if (isChoosing) return;
    isChoosing = true;
    for (const queue of due) {
      if (turns >= mostProbes) break;
      due.delete(queue);
      probing.set(queue, takeTurn());
      onProbe(queue);
    }
    isChoosing = false;
  }

  function takeTurn(): () => void {
    let isTaken = true;
    turns += 1;
    const giveBack = (): void => {
      if (!isTaken) return;
      isTaken = false;
      turns -= 1;
      cancel();
      probeSome();
    };
    const cancel = clock.after(turnMs, giveBack);
    return giveBack;
  }

  /** The probe of the queue has its outcome; false when there was none. */
  function endProbe(queue: string): boolean {
    const giveBack = probing.get(queue);
    probing.delete(queue);
    giveBack?.();
    return giveBack !== undefined;
  }

  return {
    hold(queue) {
      const before = held.get(queue);
      // What was under way when the queue was held fails too; that is no news.
      if (stopped || (before !== undefined && !endProbe(queue))) return false;
      holdFor(queue, before === undefined ? firstHoldMs : Math.min(longestHoldMs, before.ms * 2));
      return true;
    },
    postpone(queue) {
      const before = held.get(queue);
      if (before !== undefined && endProbe(queue)) holdFor(queue, before.ms);
    },
    release(queue) {
      held.get(queue)?.cancel();
      held.delete(queue);
      due.delete(queue);
      endProbe(queue);
    },
    isHeld: (queue) => held.has(queue),
    names: () => [...held.keys()],
    stop() {
      stopped = true;
      for (const { cancel } of held.values()) cancel();
      for (const each of [held, due]) each.clear();
      for (const giveBack of probing.values()) giveBack();
      probing.clear();
    },
  };
}
