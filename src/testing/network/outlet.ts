import type { Socket } from 'node:net';

/** The writing side of one direction: whole frames never land inside of another. */
export interface Outlet {
  /** Bytes of the frame that is passed on as it comes, or between frames; `endsFrame`: a frame may follow. */
  pass(bytes: Buffer, endsFrame: boolean): void;
  /** A whole frame; it waits for the end of one that is being passed on. */
  put(frame: Buffer): void;
  /** Closes the side behind all that was given, even half a frame. */
  end(): void;
}

export interface OutletOptions {
  /** The other side takes less than comes. */
  readonly onCongested: () => void;
  readonly onDrained: () => void;
}

/** Up to so many bytes are joined for one write: a copy costs less than a system call. */
const joinedBytes = 256 * 1024;

export function createOutlet(socket: Socket, { onCongested, onDrained }: OutletOptions): Outlet {
  let isMidFrame = false;
  let isEnding = false;
  let isScheduled = false;
  let queued: Buffer[] = [];
  /** Frames that wait for the end of the one that is passed on. */
  let waiting: Buffer[] = [];

  /** What one chunk brought leaves together. */
  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(flush);
  }

  function flush(): void {
    isScheduled = false;
    const pieces = queued;
    queued = [];
    if (socket.destroyed || socket.writableEnded) return;
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    const writes = pieces.length > 1 && bytes <= joinedBytes ? [Buffer.concat(pieces, bytes)] : pieces;
    let keepsUp = true;
    for (const piece of writes) keepsUp = socket.write(piece);
    if (!keepsUp) onCongested();
    if (isEnding) socket.end();
  }

  function write(bytes: Buffer): void {
    if (isEnding || bytes.length === 0) return;
    queued.push(bytes);
    schedule();
  }

  socket.on('drain', onDrained);
  return {
    pass(bytes, endsFrame) {
      write(bytes);
      isMidFrame = !endsFrame;
      if (isMidFrame) return;
      for (const frame of waiting) write(frame);
      waiting = [];
    },
    put(frame) {
      if (isMidFrame) waiting.push(frame);
      else write(frame);
    },
    end() {
      isEnding = true;
      schedule();
    },
  };
}
