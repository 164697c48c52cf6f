/**
 * Cuts what a broker sends into frames before stompjs reads it. The parser of stompjs pushes every byte into an array
 * without a bound (a body of 64 MiB takes two gigabytes), waits for ever for a `content-length` that is no number, and
 * takes a header line without a colon, or the rest of a body that is longer than announced, for what follows.
 * Here a frame has a bound, its body goes around stompjs, and what a stranger wrote into one message does not cost the
 * next one: Classic passes a `content-length` on that a service copied, and text that has a NUL in it.
 */
import type { BrokerHead } from './broker-head.js';
import { parseBrokerHead } from './broker-head.js';
import { maxMessageBytes } from './stomp-socket.js';

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
  /** Milliseconds of a clock that only goes forward; by default no time passes. */
  readonly now?: () => number;
  /** Something was wrong with a frame, and the stream is read on. */
  readonly onDamage: (what: string) => void;
}

const none = Buffer.alloc(0);
const nul = 0;
const lineFeed = 10;
const carriageReturn = 13;
const beginning = /^(?:CONNECTED|MESSAGE|RECEIPT|ERROR)\r?\n/u;
const beginnings = ['CONNECTED\r\n', 'MESSAGE\r\n', 'RECEIPT\r\n', 'ERROR\r\n'];
const longestBeginning = 'CONNECTED\r\n'.length;
const leastStorage = 64 * 1024;

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
  /** What is not read yet: `bytes` from `at` up to `end`. */
  let bytes: Buffer = none;
  let at = 0;
  let end = 0;
  /** Whether `bytes` belongs to the reader, and there may be room behind `end`. */
  let isOwn = false;
  /** Bytes from `at` on that need no second look. */
  let searched = 0;
  let head: (BrokerHead & { readonly bodyFrom: number }) | undefined;
  let isBegun = false;
  let isGreeted = false;
  let isSkipping = false;
  let isDead = false;
  let readAt = now();
  /** Line ends that came alone, long after what came before: heart-beats, which stand between frames and in none. */
  let beats = 0;

  function append(more: Buffer): void {
    const held = end - at;
    if (held === 0) {
      bytes = more;
      at = 0;
      end = more.length;
      isOwn = false;
      return;
    }
    if (!isOwn || end + more.length > bytes.length) makeRoom(held, held + more.length);
    end += more.copy(bytes, end);
  }

  /** Twice what is needed, so that bytes that come in small pieces are not moved for each of them. */
  function makeRoom(held: number, needed: number): void {
    if (isOwn && needed * 2 <= bytes.length) bytes.copyWithin(0, at, end);
    else {
      const larger = Buffer.allocUnsafeSlow(Math.max(leastStorage, needed * 2));
      bytes.copy(larger, 0, at, end);
      bytes = larger;
      isOwn = true;
    }
    at = 0;
    end = held;
  }

  function find(byte: number, from: number): number {
    const found = bytes.subarray(at + from, end).indexOf(byte);
    return found === -1 ? -1 : found + from;
  }

  function consume(count: number): void {
    at += count;
    searched = 0;
    head = undefined;
  }

  function die(reason: string): never {
    isDead = true;
    bytes = none;
    at = end = 0;
    throw new FrameFault(reason);
  }

  function skipBetweenFrames(): void {
    while (at < end) {
      const byte = bytes[at];
      if (byte !== lineFeed && byte !== carriageReturn && byte !== nul) return;
      at += 1;
    }
  }

  /** Undefined while too few bytes are there to tell. */
  function beginsFrame(): boolean | undefined {
    const text = bytes.toString('latin1', at, Math.min(end, at + longestBeginning));
    if (beginning.test(text)) return true;
    return beginnings.some((known) => known.startsWith(text)) ? undefined : false;
  }

  function startSkipping(): void {
    if (!isBegun) {
      const said = bytes.toString('latin1', at, Math.min(end, at + 60)).replace(/[^ -~]+/gu, ' ');
      die(`it does not speak STOMP but says '${said.trim()}'`);
    }
    onDamage('something between two frames that is none');
    isSkipping = true;
  }

  /** False when everything was skipped and the end of it has not come. */
  function skip(): boolean {
    const stop = find(nul, 0);
    consume(stop === -1 ? end - at : stop + 1);
    isSkipping = stop === -1;
    return !isSkipping;
  }

  function readHead(): void {
    let line = find(lineFeed, searched);
    while (line !== -1) {
      const next = bytes[at + line + 1];
      const width = next === carriageReturn ? 3 : 2;
      if (at + line + width > end) break;
      if (bytes[at + line + width - 1] === lineFeed) {
        takeHead(line + 1, line + width);
        return;
      }
      searched = line + 1;
      line = find(lineFeed, searched);
    }
    if (end - at > mostHeadBytes) die(`the headers of a frame take more than ${mostHeadBytes} bytes`);
    if (find(nul, 0) !== -1) startSkipping();
  }

  function takeHead(length: number, bodyFrom: number): void {
    if (length > mostHeadBytes) die(`the headers of a frame take more than ${mostHeadBytes} bytes`);
    const stop = find(nul, 0);
    if (stop !== -1 && stop < length) {
      startSkipping();
      return;
    }
    const parsed = parseBrokerHead(bytes.toString('latin1', at, at + length));
    if (parsed.fault !== undefined) die(parsed.fault);
    // stompjs would start its timers once more, and forget those that it has.
    if (parsed.isGreeting && isGreeted) die('it sent a second CONNECTED');
    isGreeted ||= parsed.isGreeting;
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

  /** Its end, relative to `at`; undefined when it has not come. */
  function endOfBody({ contentLength, bodyFrom }: NonNullable<typeof head>): number | undefined {
    if (contentLength !== undefined) {
      const announced = bodyFrom + contentLength;
      if (at + announced >= end && beats < mostBeatsInside) return undefined;
      if (at + announced < end && bytes[at + announced] === nul) return announced;
      if (beats >= mostBeatsInside) searched = bodyFrom;
    }
    // Also where the length was wrong: a NUL is the only other end that a body can have.
    const stop = find(nul, searched);
    if (stop !== -1) {
      if (contentLength !== undefined) onDamage('a content-length that is not that of the body');
      return stop;
    }
    searched = end - at;
    if (searched - bodyFrom > mostBodyBytes) die(`a frame has a body of more than ${mostBodyBytes} bytes`);
    return undefined;
  }

  function next(): BrokerFrame | undefined {
    for (;;) {
      if (isSkipping && !skip()) return undefined;
      if (head === undefined && searched === 0) {
        skipBetweenFrames();
        if (at === end) return undefined;
        const begins = beginsFrame();
        if (begins === undefined) return undefined;
        if (begins) readHead();
        else startSkipping();
      } else if (head === undefined) readHead();
      if (isSkipping) continue;
      if (head === undefined) return undefined;
      const stop = endOfBody(head);
      if (stop === undefined) return undefined;
      const frame = {
        head: head.head,
        // Of its own: a small body must not keep the bytes of many others.
        body: new Uint8Array(bytes.subarray(at + head.bodyFrom, at + stop)),
      };
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
      append(more);
      for (let frame = next(); frame !== undefined; frame = next()) yield frame;
      // What the caller gave is the caller's again.
      if (!isOwn && at < end) makeRoom(end - at, end - at);
      else if (at === end) bytes = none;
    },
    get heldBytes() {
      return end - at;
    },
  };
}
