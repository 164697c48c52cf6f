import type { FrameHead } from '#adapters/stomp-server/frame-head.js';
import type { Fault } from './fault.js';
import { changed, toBytes } from './frame-bytes.js';
import type { HeldFrames } from './held-frames.js';
import type { KeptFrame, LanePlace } from './lane-place.js';
import type { Outlet } from './outlet.js';
import type { Decision, Rule } from './rules.js';
import type { SeenFrame } from './seen-frame.js';

/** Does to a frame what was decided. */
export interface FrameFate {
  /** To one of which nothing is passed on. */
  skip(decision: Decision, frame: { readonly head: FrameHead<string>; readonly seen: SeenFrame }): void;
  decide(decision: Decision, frame: KeptFrame): void;
}

export interface FrameFateOptions extends LanePlace {
  readonly held: HeldFrames;
  readonly outlet: Outlet;
}

export function createFrameFate(options: FrameFateOptions): FrameFate {
  const { side, log, connection, held, outlet, cut } = options;

  function put(frame: KeptFrame): void {
    for (const bytes of side.toGoOn(frame)) outlet.put(bytes);
    side.passed(frame.head);
  }

  function keep(rule: Rule, ms: number, frame: KeptFrame): void {
    held.keep(rule, ms, {
      goOn: () => {
        log.add('released', connection, frame.seen);
        put(frame);
      },
      lost: () => log.add('lost', connection, frame.seen),
    });
  }

  function skip(decision: Decision, { head, seen }: Parameters<FrameFate['skip']>[1]): void {
    const { rule } = decision;
    if (rule?.fault.kind === 'drop') {
      log.add('dropped', connection, seen);
      if (rule.fault.isConfirmed) side.confirm(head);
    } else cut(seen, false);
    rule?.took(seen);
  }

  function apply(rule: Rule, frame: KeptFrame): void {
    const { fault } = rule;
    switch (fault.kind) {
      case 'watch':
        put(frame);
        break;
      case 'drop':
        skip({ rule, isSecond: false }, frame);
        return;
      case 'duplicate':
        duplicate(rule, frame, fault);
        break;
      case 'delay':
        delay(rule, frame, fault);
        break;
      case 'hold':
        log.add('held', connection, frame.seen);
        keep(rule, Infinity, frame);
        break;
      case 'swap':
        keepFirst(rule, frame, fault.withinMs);
        break;
      case 'alter':
        log.add('altered', connection, frame.seen);
        put(alter(frame, fault));
        break;
      case 'cut':
        if (fault.at === 'middle') outlet.put(frame.bytes.subarray(0, Math.ceil(frame.bytes.length / 2)));
        if (fault.at === 'after') put(frame);
        cut(frame.seen, fault.at !== 'before');
        break;
    }
    rule.took(frame.seen);
  }

  function duplicate(rule: Rule, frame: KeptFrame, { copies, afterMs }: Fault & { kind: 'duplicate' }): void {
    // Before the original goes on, which may be acknowledged as soon as it is there.
    const more = Array.from({ length: copies }, () => side.toCopy(frame));
    put(frame);
    for (const copy of more) {
      log.add('duplicated', connection, frame.seen);
      if (afterMs === 0) put(copy);
      else keep(rule, afterMs, copy);
    }
  }

  function delay(rule: Rule, frame: KeptFrame, { leastMs, mostMs }: Fault & { kind: 'delay' }): void {
    const ms = leastMs + Math.floor(rule.draw() * (mostMs - leastMs + 1));
    log.add('delayed', connection, frame.seen, `by ${ms} ms`);
    keep(rule, ms, frame);
  }

  /** The first of two waits for the second, but not for ever: who sends it may wait for an answer to the first. */
  function keepFirst(rule: Rule, frame: KeptFrame, withinMs: number): void {
    rule.first = held.keep(rule, withinMs, {
      goOn: (isDue) => {
        log.add(isDue ? 'not-swapped' : 'swapped', connection, frame.seen);
        put(frame);
      },
      lost: () => log.add('lost', connection, frame.seen),
    });
  }

  function alter(frame: KeptFrame, { change }: Fault & { kind: 'alter' }): KeptFrame {
    const { head, seen, body } = frame;
    try {
      const whole = { ...seen, body, text: () => body.toString('utf8') };
      const given = typeof change === 'function' ? change(whole) : change;
      if (given instanceof Uint8Array) return { ...frame, bytes: Buffer.from(given) };
      const made = changed({ headers: head.headers, body }, given);
      const bytes = toBytes({ command: head.command, ...made }, side.version());
      return { head: { ...head, headers: new Map(made.headers) }, seen, body: made.body, bytes };
    } catch (error) {
      options.onFailure(error);
      return frame;
    }
  }

  return {
    skip,
    decide({ rule, isSecond }, frame) {
      if (rule === undefined) put(frame);
      else if (isSecond) {
        put(frame);
        if (rule.first !== 'coming') rule.first?.release();
      } else apply(rule, frame);
    },
  };
}
