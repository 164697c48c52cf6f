/**
 * Cuts what a broker sends into frames before stompjs reads it. The parser of stompjs pushes every byte into an array
 * without a bound (a body of 64 MiB takes two gigabytes), waits for ever for a `content-length` that is no number, and
 * takes a header line without a colon, or the rest of a body that is longer than announced, for what follows.
 * Here a frame has a bound, its body goes around stompjs, and what a stranger wrote into one message does not cost the
 * next one: Classic passes a `content-length` on that a service copied, and text that has a NUL in it, behind which a
 * stranger may write frames. A MESSAGE of the broker is known by the name of a subscription that no stranger knows.
 */
import type { BrokerHead } from './broker-head.js';
import { parseBrokerHead } from './broker-head.js';
import { createHeldBytes } from './held-bytes.js';
import { maxMessageBytes } from './stomp-socket.js';
import { createSwallowedFrames } from './swallowed-frames.js';

interface BrokerFrame {
  /** Command and headers as a frame of their own, with a `content-length` of 0 where there was one. */
  readonly head: Buffer;
  readonly body: Uint8Array;
}

export interface FrameReader {
  /**
   * The frames that these bytes complete. After a throw it is dead and gives nothing any more.
   *
   * @throws FrameFault
   */
  read(bytes: Buffer): Iterable<BrokerFrame>;
  /** Bytes that it holds of a frame that is not complete. */
  readonly heldBytes: number;
}

/** The stream cannot be read on; the message says why. */
export class FrameFault extends Error {
  override readonly name = 'FrameFault';
}

export interface FrameReaderOptions {
  /** Default 1 MiB. */
  readonly mostHeadBytes?: number;
  /** Default 64 MiB. */
  readonly mostBodyBytes?: number;
  /** What the names of all subscriptions begin with, and no stranger can guess; by default any name is one of them. */
  readonly subscriptionKey?: string;
  /** Milliseconds of a clock that only goes forward; by default no time passes. */
  readonly now?: () => number;
  /** Something was wrong with a frame, and the stream is read on. */
  readonly onDamage: (what: string) => void;
}

const nul = 0;
const lineFeed = 10;
const carriageReturn = 13;
const beginning = /^(?:CONNECTED|MESSAGE|RECEIPT|ERROR)\r?\n/u;
const beginnings = ['CONNECTED\r\n', 'MESSAGE\r\n', 'RECEIPT\r\n', 'ERROR\r\n'];
const longestBeginning = 'CONNECTED\r\n'.length;
const wrongLength = 'a content-length that is not that of the body';

/** A length that is too long swallows what comes behind its message; after so many beats that is what has happened. */
const mostBeatsInside = 2;
const leastPauseMs = 250;

function isLineEnd(bytes: Buffer): boolean {
  return (
    bytes.length <= 2 && bytes.at(-1) === lineFeed && (bytes.length === 1 || bytes[0] === carriageReturn)
  );
}

export function createFrameReader(options: FrameReaderOptions): FrameReader {
  const { onDamage, now = () => 0, mostHeadBytes = 1024 * 1024, mostBodyBytes = maxMessageBytes } = options;
  const { subscriptionKey = '' } = options;
  const held = createHeldBytes();
  const swallowed = createSwallowedFrames(held, subscriptionKey);
  /** Bytes that need no second look. */
  let searched = 0;
  let head: (BrokerHead & { readonly bodyFrom: number }) | undefined;
  let isBegun = false;
  let isGreeted = false;
  let isSkipping = false;
  let isDead = false;
  let readAt = now();
  /** Line ends that came alone, long after what came before: heart-beats, which stand between frames and in none. */
  let beats = 0;

  function consume(count: number): void {
    held.consume(count);
    swallowed.reset();
    searched = 0;
    head = undefined;
  }

  function die(reason: string): never {
    isDead = true;
    held.clear();
    throw new FrameFault(reason);
  }

  function skipBetweenFrames(): void {
    let count = 0;
    for (; count < held.length; count += 1) {
      const byte = held.at(count);
      if (byte !== lineFeed && byte !== carriageReturn && byte !== nul) break;
    }
    held.consume(count);
  }

  /** Undefined while too few bytes are there to tell. */
  function beginsFrame(): boolean | undefined {
    const text = held.text(0, longestBeginning);
    if (beginning.test(text)) return true;
    return beginnings.some((known) => known.startsWith(text)) ? undefined : false;
  }

  function startSkipping(what = 'something between two frames that is none'): void {
    if (!isBegun) {
      const said = held.text(0, 60).replace(/[^ -~]+/gu, ' ');
      die(`it does not speak STOMP but says '${said.trim()}'`);
    }
    onDamage(what);
    isSkipping = true;
  }

  /** False when everything was skipped and the end of it has not come. */
  function skip(): boolean {
    const stop = held.find(nul, 0);
    consume(stop === -1 ? held.length : stop + 1);
    isSkipping = stop === -1;
    return !isSkipping;
  }

  function readHead(): void {
    let line = held.find(lineFeed, searched);
    while (line !== -1) {
      const width = held.at(line + 1) === carriageReturn ? 3 : 2;
      if (line + width > held.length) break;
      if (held.at(line + width - 1) === lineFeed) {
        takeHead(line + 1, line + width);
        return;
      }
      searched = line + 1;
      line = held.find(lineFeed, searched);
    }
    if (held.find(nul, 0) !== -1) startSkipping();
    else if (held.length > mostHeadBytes) refuseHead();
  }

  /** One of the broker would come again and again, and is worth a word each time. */
  function refuseHead(): void {
    const what = `the headers of a frame take more than ${mostHeadBytes} bytes`;
    if (isBegun && !swallowed.isOurs(mostHeadBytes)) startSkipping(what);
    else die(what);
  }

  function takeHead(length: number, bodyFrom: number): void {
    const stop = held.find(nul, 0);
    if (stop !== -1 && stop < length) startSkipping();
    else if (length > mostHeadBytes) refuseHead();
    else useHead(parseBrokerHead(held.text(0, length)), bodyFrom);
  }

  function useHead(parsed: BrokerHead, bodyFrom: number): void {
    const stray = strangeness(parsed);
    if (stray !== undefined) {
      startSkipping(stray);
      return;
    }
    if (parsed.fault !== undefined) die(parsed.fault);
    isGreeted ||= parsed.command === 'CONNECTED';
    if (parsed.damage !== undefined) onDamage(parsed.damage);
    head = { ...parsed, bodyFrom };
    searched = bodyFrom;
    isBegun = true;
    if ((parsed.contentLength ?? 0) > mostBodyBytes) {
      die(
        `a frame has a body of ${parsed.contentLength} bytes, of which ${mostBodyBytes} are taken at the most`,
      );
    }
  }

  /** Why this frame is not one of the broker, or stompjs must not see it. */
  function strangeness({ command, subscription }: BrokerHead): string | undefined {
    // stompjs would start its timers once more, and forget those that it has.
    if (command === 'CONNECTED' && isGreeted) return 'a second CONNECTED';
    if (command !== 'MESSAGE' || subscription?.startsWith(subscriptionKey) === true) return undefined;
    return subscriptionKey === '' ? undefined : 'a message to a subscription that nobody made';
  }

  /** Its end; undefined when it has not come. */
  function endOfBody({ contentLength, bodyFrom }: NonNullable<typeof head>): number | undefined {
    if (contentLength !== undefined) {
      const announced = bodyFrom + contentLength;
      const before = swallowed.endBefore(bodyFrom, announced);
      if (before !== undefined) {
        onDamage(wrongLength);
        return before;
      }
      if (announced >= held.length && beats < mostBeatsInside) return undefined;
      if (announced < held.length && held.at(announced) === nul) return announced;
      if (beats >= mostBeatsInside) searched = bodyFrom;
    }
    // Also where the length was wrong: a NUL is the only other end that a body can have.
    const stop = held.find(nul, searched);
    if (stop !== -1) {
      if (contentLength !== undefined) onDamage(wrongLength);
      return stop;
    }
    searched = held.length;
    if (searched - bodyFrom > mostBodyBytes) die(`a frame has a body of more than ${mostBodyBytes} bytes`);
    return undefined;
  }

  function next(): BrokerFrame | undefined {
    for (;;) {
      if (isSkipping && !skip()) return undefined;
      if (head === undefined && searched === 0) {
        skipBetweenFrames();
        if (held.length === 0) return undefined;
        const begins = beginsFrame();
        if (begins === undefined) return undefined;
        if (begins) readHead();
        else startSkipping();
      } else if (head === undefined) readHead();
      if (isSkipping) continue;
      if (head === undefined) return undefined;
      const stop = endOfBody(head);
      if (stop === undefined) return undefined;
      // Of its own: a small body must not keep the bytes of many others.
      const frame = { head: head.head, body: held.copy(head.bodyFrom, stop) };
      consume(stop + 1);
      return frame;
    }
  }

  return {
    *read(more) {
      if (isDead) return;
      const isLate = now() - readAt >= leastPauseMs;
      readAt = now();
      beats = isLate && isLineEnd(more) ? beats + 1 : 0;
      held.append(more);
      for (let frame = next(); frame !== undefined; frame = next()) yield frame;
      held.detach();
    },
    get heldBytes() {
      return held.length;
    },
  };
}
