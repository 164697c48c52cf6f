import type { EncodedFrame } from './frame-encoder.js';

/** A pipe of bytes to one client; the session does not know whether it is TCP, WebSocket or memory. */
export interface Transport {
  /** Who is on the other side, for the log: `127.0.0.1:51234`. */
  readonly remote: string;
  /** Bytes given to `send` that the operating system has not taken yet. */
  readonly bufferedBytes: number;
  /** Tells where events go; called once, before anything else. */
  attach(events: TransportEvents): void;
  /** Queues one frame or heart-beat; what one turn of the event loop queued leaves together. Ignored once closing. */
  send(frame: EncodedFrame): void;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** Writes what is queued, closes its side, reads and drops what still comes, and is gone at its deadline. */
  close(): void;
  /** Ends it now. */
  destroy(): void;
}

export interface TransportEvents {
  onData(chunk: Buffer): void;
  /** Some of the buffered bytes are gone. */
  onFlushed(): void;
  /** The client will send no more, but may still read. */
  onEnd(): void;
  /** Nothing works any more; called once, last. */
  onClose(): void;
}
