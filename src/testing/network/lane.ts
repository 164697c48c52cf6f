/**
 * One direction of a connection: reads the stream, lets the rules decide on each frame as soon as its head is there, and
 * passes on what they leave. A body is passed on as it comes, unless a rule needs all of it. What cannot be read as STOMP
 * goes on as it is.
 */
import type { Socket } from 'node:net';
import { createFrameScanner } from '#adapters/stomp-server/frame-scanner.js';
import type { FrameScanner, ScannedPiece } from '#adapters/stomp-server/frame-scanner.js';
import type { FrameHead } from '#adapters/stomp-server/frame-head.js';
import type { StompVersion } from '#adapters/stomp-server/frame.js';
import type { Clock } from '#core/ports/clock.js';
import type { KeptFrame, LanePlace } from './lane-place.js';
import { createFrameFate } from './frame-fate.js';
import { createHeldFrames } from './held-frames.js';
import { createOutlet } from './outlet.js';
import type { Decision, Rules } from './rules.js';
import type { SeenFrame } from './seen-frame.js';

export interface LaneOptions extends LanePlace {
  readonly from: Socket;
  readonly to: Socket;
  readonly rules: Rules;
  readonly clock: Clock;
  /** False: bytes are passed on, whatever they are. */
  readonly isStomp: boolean;
  readonly onBytes: (count: number) => void;
}

export interface Lane {
  connected(version: StompVersion): void;
  /** Writes a frame of the network's own. */
  put(frame: Buffer): void;
  /** Holds the stream back, and lets it go on. */
  hold(isHeld: boolean): void;
  /** Closes the side that is written to, behind what was written. */
  end(): void;
  /** The connection has ended; what is kept of it is lost. */
  close(): void;
}

type Head = FrameHead<string>;

/** A frame that has begun and not ended. */
interface Current {
  readonly head: Head;
  readonly seen: SeenFrame | undefined;
  /** Of the frame so far, while it is collected. */
  readonly pieces: Buffer[];
  readonly mode: 'pass' | 'skip' | 'collect';
  /** Undefined: the body has to be known first. */
  readonly decision: Decision | undefined;
}

const nul = Buffer.of(0);
/** Far above every broker's own; only what is no STOMP has more. */
const scannerLimits = {
  headerBlockBytes: 4 * 1024 * 1024,
  headerCount: 100_000,
  headerLineBytes: 4 * 1024 * 1024,
  bodyBytes: Number.MAX_SAFE_INTEGER,
  frameBytesBeforeConnect: Number.MAX_SAFE_INTEGER,
};
/** They end what went before: whatever of it is kept back goes first. */
const endings: ReadonlySet<string> = new Set(['COMMIT', 'ABORT', 'DISCONNECT', 'UNSUBSCRIBE']);
const plain: Decision = { rule: undefined, isSecond: false };

export function createLane(options: LaneOptions): Lane {
  const { from, to, side, rules, log, connection } = options;
  const scanner: FrameScanner<string> = createFrameScanner(scannerLimits, side.commands);
  const held = createHeldFrames(options.clock, onNothingHeld);
  const pauses = new Set<'congested' | 'stalled' | 'held'>();
  const outlet = createOutlet(to, {
    onCongested: () => pause('congested'),
    onDrained: () => resume('congested'),
  });
  const fate = createFrameFate({ ...options, held, outlet });
  let current: Current | undefined;
  /** The head of a frame that waits until nothing is kept back. */
  let stalled: (ScannedPiece<string> & { kind: 'head' }) | undefined;
  let isReadable = options.isStomp;
  let isEnding = false;
  let isClosed = false;

  function pause(reason: 'congested' | 'stalled' | 'held'): void {
    pauses.add(reason);
    from.pause();
  }

  function resume(reason: 'congested' | 'stalled' | 'held'): void {
    if (pauses.delete(reason) && pauses.size === 0 && !isClosed) from.resume();
  }

  /** A function, because what is let go may be kept back again. */
  function isStalled(): boolean {
    return stalled !== undefined;
  }

  function onNothingHeld(): void {
    if (isClosed) return;
    const piece = stalled;
    stalled = undefined;
    if (piece !== undefined) {
      begin(piece.head, piece.bytes);
      scan();
    }
    // The frame that was let go may be kept back too, and the next may wait for that.
    if (isStalled()) return;
    resume('stalled');
    if (isEnding) end();
  }

  function scan(): void {
    while (stalled === undefined && !isClosed) {
      let piece: ScannedPiece<string> | undefined;
      try {
        piece = scanner.next();
      } catch (error) {
        giveUpReading(error);
        return;
      }
      if (piece === undefined) return;
      handle(piece);
    }
  }

  function handle(piece: ScannedPiece<string>): void {
    if (piece.kind === 'line-ends') outlet.pass(piece.bytes, true);
    else if (piece.kind === 'body') goOn(piece.bytes, piece.isLast);
    else if (held.size > 0 && endings.has(piece.head.command)) {
      stalled = piece;
      pause('stalled');
    } else begin(piece.head, piece.bytes);
  }

  function begin(head: Head, bytes: Buffer): void {
    const isSeen = !rules.isEmpty || side.concerns(head);
    current = isSeen
      ? judged(head, bytes)
      : { head, seen: undefined, pieces: [], mode: 'pass', decision: plain };
    const { mode, decision, seen } = current;
    if (mode === 'skip' && decision !== undefined && seen !== undefined) fate.skip(decision, { head, seen });
    if (mode !== 'pass') return;
    side.passed(head);
    outlet.pass(bytes, false);
  }

  function judged(head: Head, bytes: Buffer): Current {
    const seen = side.toSeen(head);
    const decision = rules.decide(seen);
    if (decision === 'collect') return { head, seen, pieces: [bytes], mode: 'collect', decision: undefined };
    return { head, seen, pieces: [bytes], mode: modeOf(decision, head), decision };
  }

  function modeOf({ rule, isSecond }: Decision, head: Head): Current['mode'] {
    if (rule === undefined) return side.concerns(head) ? 'collect' : 'pass';
    const { fault } = rule;
    const isSkipped = fault.kind === 'drop' || (fault.kind === 'cut' && fault.at === 'before');
    return isSkipped && !isSecond ? 'skip' : 'collect';
  }

  function goOn(bytes: Buffer, isLast: boolean): void {
    if (current?.mode === 'pass') {
      outlet.pass(bytes, false);
      if (isLast) outlet.pass(nul, true);
    } else if (current?.mode === 'collect') {
      current.pieces.push(bytes);
      if (isLast) collected(current);
    }
    if (isLast) current = undefined;
  }

  function collected({ head, seen, pieces, decision }: Current): void {
    if (seen === undefined) return;
    const bytes = Buffer.concat([...pieces, nul]);
    const body = bytes.subarray(head.bytes, bytes.length - nul.length);
    const frame: KeptFrame = { head, seen, body, bytes };
    const made = decision ?? rules.decide(seen, body);
    fate.decide(made === 'collect' ? plain : made, frame);
  }

  /** From here on it is passed on as it is. */
  function giveUpReading(error: unknown): void {
    isReadable = false;
    log.add('unreadable', connection, null, error instanceof Error ? error.message : String(error));
    abandon();
    outlet.pass(scanner.rest(), true);
  }

  /** What was collected of half a frame goes on, and nobody waits for its end. */
  function abandon(): void {
    if (current?.mode === 'collect') outlet.pass(Buffer.concat(current.pieces), true);
    if (current?.decision?.rule?.first === 'coming') current.decision.rule.first = undefined;
    current = undefined;
  }

  function end(): void {
    if (held.size > 0 || stalled !== undefined) {
      isEnding = true;
      return;
    }
    abandon();
    outlet.end();
  }

  from.on('data', (chunk: Buffer) => {
    options.onBytes(chunk.length);
    if (!isReadable) {
      outlet.pass(chunk, true);
      return;
    }
    scanner.feed(chunk);
    scan();
  });
  from.on('end', end);

  return {
    connected: (version) => scanner.connected(version),
    put: (frame) => outlet.put(frame),
    hold: (isHeld) => (isHeld ? pause('held') : resume('held')),
    end: () => outlet.end(),
    close() {
      isClosed = true;
      if (current?.decision?.rule?.first === 'coming') current.decision.rule.first = undefined;
      held.lose();
    },
  };
}
