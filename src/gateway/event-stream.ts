/**
 * Server-sent events (WHATWG HTML, 9.2) to one client: writes with back-pressure, keeps proxies awake with
 * comments, ends cleanly with a `retry:` so that the client comes back and resumes.
 */
import type { Response } from 'express';
import type { Clock } from '#core/ports/clock.js';
import type { StatusEvent } from '#core/status-event.js';

export interface EventStream {
  /** In one piece. False: the client has no room for more; see `onDrained`. */
  send(...events: readonly (Uint8Array | string)[]): boolean;
  /** What goes along with each comment, without its own kind of event; empty for nothing. */
  beatWith(text: () => string): void;
  /** Calls back once when the client has room again, or is gone. */
  onDrained(callback: () => void): void;
  /** Ends the stream; the client reconnects after `retryMs` and resumes. */
  end(retryMs: number): void;
  readonly isOpen: boolean;
  /** Calls back once when the client is gone or the stream was ended. */
  onClose(callback: () => void): void;
}

/** Tells the client where it is, without an event: it resumes from there (WHATWG HTML, 9.2.6: a block without data). */
export function toPositionText(id: number): string {
  return `id: ${id}\n\n`;
}

/** One event as it stands in the stream; `id` is where a client resumes. */
export function toStreamText(id: number, event: string, data: unknown): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Each event is written to many streams: its bytes are made once. */
const streamBytes = new WeakMap<StatusEvent, Buffer>();

/** The same of a status event, for as many streams as take it. `id` is where a client resumes in all of them. */
export function toStreamBytes(id: number, event: StatusEvent): Buffer {
  const known = streamBytes.get(event);
  if (known !== undefined) return known;
  const bytes = Buffer.from(toStreamText(id, event.kind, event));
  streamBytes.set(event, bytes);
  return bytes;
}

const commentEveryMs = 15_000;
/** A client that has no room for this long is let go; it reconnects and resumes. */
const slowClientMs = 30_000;
/** Bytes that wait for a client before it counts as full; a few events at a time need no word with it. */
const mostUnsentBytes = 64 * 1024;

/** Status and headers of a stream. */
export function describeEventStream(response: Response): void {
  response.status(200);
  response.setHeader('Content-Type', 'text/event-stream; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Accel-Buffering', 'no');
}

export function openEventStream(response: Response, clock: Clock): EventStream {
  describeEventStream(response);
  // Some proxies and clients show nothing before the first byte of a body.
  response.write(':\n\n');
  let isOpen = true;
  let beat = (): string => '';
  let cancelComment = scheduleComment();
  response.on('close', () => {
    isOpen = false;
    cancelComment();
  });

  function scheduleComment(): () => void {
    return clock.after(commentEveryMs, () => {
      if (!isOpen) return;
      response.write(`:\n\n${beat()}`);
      cancelComment = scheduleComment();
    });
  }

  return {
    beatWith: (text) => (beat = text),
    send(...events) {
      if (isOpen) {
        // The same bytes go to many clients: put together they would be copied for each.
        const { socket } = response;
        socket?.cork();
        for (const event of events) if (event.length > 0) response.write(event);
        socket?.uncork();
      }
      return !isOpen || response.writableLength < mostUnsentBytes;
    },
    onDrained(callback) {
      if (!isOpen || !response.writableNeedDrain) {
        setImmediate(callback);
        return;
      }
      const cancel = clock.after(slowClientMs, () => {
        // Buffering without bound for one who does not read would harm everybody.
        response.destroy();
        done();
      });
      response.once('drain', done);
      response.once('close', done);
      function done(): void {
        cancel();
        response.off('drain', done);
        response.off('close', done);
        callback();
      }
    },
    end(retryMs) {
      if (!isOpen) return;
      isOpen = false;
      cancelComment();
      response.end(`retry: ${retryMs}\n\n`);
    },
    get isOpen() {
      return isOpen;
    },
    onClose: (callback) => void response.once('close', callback),
  };
}
