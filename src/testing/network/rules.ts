import { createRandom } from '../random.js';
import type { Waiting } from '../waiting.js';
import type { Fault } from './fault.js';
import type { FrameChoice } from './frame-match.js';
import { toMatcher } from './frame-match.js';
import type { Matcher } from './frame-match.js';
import type { HeldOwner } from './held-frames.js';
import type { FaultRule } from './fault-rule.js';
import type { SeenFrame } from './seen-frame.js';

/** A rule as the connections apply it. */
export interface Rule extends HeldOwner {
  readonly fault: Fault;
  /** A number from 0 up to 1, of the rule's own. */
  draw(): number;
  /** It was done to this frame. */
  took(frame: SeenFrame): void;
}

/** What is to be done with a frame; nothing without a rule. */
export interface Decision {
  readonly rule: Rule | undefined;
  /** It is the frame that a swap has waited for. */
  readonly isSecond: boolean;
}

export interface Rules {
  add(fault: Fault, choice: FrameChoice): FaultRule;
  /** Whether no frame needs to be looked at. */
  readonly isEmpty: boolean;
  /** Whether a rule asks what a receipt is for. */
  readonly wantsReceipts: boolean;
  /** `collect`: say it again with the body. What `where` throws counts as no match, and is kept. */
  decide(frame: SeenFrame, body?: Buffer): Decision | 'collect';
  /** Removes all rules; what they hold goes on. */
  clear(): void;
  /** What `where` of rules threw; whoever tells it takes it out. */
  readonly failures: unknown[];
}

/** A rule and how far it is. */
interface Entry {
  readonly rule: Rule;
  readonly matcher: Matcher;
  readonly choice: FrameChoice;
  /** To which it was done; the latest of them. */
  readonly frames: SeenFrame[];
  seen: number;
  /** Frames that were chosen for it. */
  chosen: number;
  done: number;
}

/** Of each rule. */
const mostFrames = 10_000;
const nothing: Decision = { rule: undefined, isSecond: false };

export function createRules(seed: number, waiting: Waiting): Rules {
  /** Those whose work is not done. */
  const live = new Set<Entry>();
  /** Those, and others that still keep frames. */
  const known = new Set<Entry>();
  const failures: unknown[] = [];
  let added = 0;

  function matches({ matcher }: Entry, frame: SeenFrame): boolean {
    try {
      return matcher.matchesHead(frame);
    } catch (error) {
      failures.push(error);
      return false;
    }
  }

  /** Whether the frame is one of those that the rule means; counts it. */
  function isMeant(entry: Entry): boolean {
    const { nth = 1, times = 1, chance = 1 } = entry.choice;
    entry.seen += 1;
    if (entry.seen < nth) return false;
    if (entry.chosen >= times) {
      // A swap whose second frame did not come in time.
      if (entry.rule.first === undefined) live.delete(entry);
      return false;
    }
    if (entry.rule.first === 'coming') return false;
    // Drawn for each frame, so that what happens to one does not depend on other rules.
    return chance === 1 || entry.rule.draw() < chance;
  }

  function choose(entry: Entry): void {
    entry.chosen += 1;
    // A swap ends with its second frame, which is no new one.
    if (entry.rule.fault.kind === 'swap') entry.rule.first = 'coming';
    else if (entry.chosen >= (entry.choice.times ?? 1)) live.delete(entry);
  }

  function take(entry: Entry, frame: SeenFrame): void {
    entry.done += 1;
    entry.frames.push(frame);
    if (entry.frames.length > mostFrames) entry.frames.shift();
    waiting.wake();
  }

  /** What is decided when this rule has its turn too. */
  function decided(entry: Entry, frame: SeenFrame, before: Decision): Decision {
    const { rule } = entry;
    const isFree = before.rule === undefined;
    if (isFree && rule.first !== undefined && rule.first !== 'coming') {
      entry.seen += 1;
      if (entry.chosen >= (entry.choice.times ?? 1)) live.delete(entry);
      return { rule, isSecond: true };
    }
    const isWatching = rule.fault.kind === 'watch';
    if (!isMeant(entry) || !(isFree || isWatching)) return before;
    choose(entry);
    if (!isWatching) return { rule, isSecond: false };
    take(entry, frame);
    return before;
  }

  function isOver(entry: Entry): boolean {
    const { held, first } = entry.rule;
    return !live.has(entry) && held.size === 0 && first === undefined;
  }

  function remove(entry: Entry): void {
    live.delete(entry);
    for (const held of [...entry.rule.held]) held.release();
  }

  return {
    add(fault, choice) {
      added += 1;
      const random = createRandom(seed, added);
      const rule: Rule = {
        fault,
        draw: () => random.fraction(),
        took: (frame) => take(entry, frame),
        held: new Set(),
        first: undefined,
      };
      const matcher = toMatcher(choice);
      const entry: Entry = { rule, matcher, choice, frames: [], seen: 0, chosen: 0, done: 0 };
      for (const other of known) if (isOver(other)) known.delete(other);
      live.add(entry);
      known.add(entry);
      return {
        get seen() {
          return entry.seen;
        },
        get applied() {
          return entry.done;
        },
        get frames() {
          return [...entry.frames];
        },
        get holding() {
          return rule.held.size;
        },
        reached: (count = 1, { withinMs } = {}) =>
          waiting.until(
            () => (entry.done >= count ? (entry.frames[count - 1] ?? entry.frames.at(-1)) : undefined),
            () => `frame ${count} of a rule that ${inWords(fault)}; ${entry.seen} matched`,
            withinMs,
          ),
        release() {
          for (const held of [...rule.held]) held.release();
        },
        remove: () => remove(entry),
      };
    },
    get isEmpty() {
      return live.size === 0;
    },
    get wantsReceipts() {
      for (const { choice } of live) if (choice.receiptOf !== undefined) return true;
      return false;
    },
    decide(frame, body) {
      const matching = [...live].filter((entry) => matches(entry, frame));
      if (matching.length === 0) return nothing;
      if (body === undefined && matching.some(({ matcher }) => matcher.matchesBody !== undefined)) {
        return 'collect';
      }
      const fitting = matching.filter(
        ({ matcher }) => body === undefined || (matcher.matchesBody?.(body) ?? true),
      );
      return fitting.reduce((decision, entry) => decided(entry, frame, decision), nothing);
    },
    clear() {
      for (const entry of known) remove(entry);
      known.clear();
    },
    failures,
  };
}

function inWords(fault: Fault): string {
  switch (fault.kind) {
    case 'watch':
      return 'watches';
    case 'drop':
      return 'drops';
    case 'duplicate':
      return 'duplicates';
    case 'delay':
      return 'delays';
    case 'hold':
      return 'holds';
    case 'swap':
      return 'swaps';
    case 'alter':
      return 'alters';
    case 'cut':
      return `cuts ${fault.at === 'middle' ? 'in the middle' : fault.at}`;
  }
}
