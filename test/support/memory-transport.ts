import type { Transport, TransportEvents } from '#adapters/stomp-server/transport.js';

/** A connection without a network: the test is the client. */
export interface MemoryTransport extends Transport {
  /** The client sends this. */
  receive(text: string | Buffer): void;
  /** The client closes its side. */
  endInput(): void;
  /** The connection is gone. */
  drop(): void;
  /** Everything the server wrote so far. */
  readonly written: string;
  /** The commands of the frames the server wrote. */
  commands(): string[];
  readonly paused: boolean;
  /** Whether the server has closed its side, or ended it. */
  readonly closed: boolean;
  readonly destroyed: boolean;
  /** From now on nothing leaves; `flush` lets all of it go. */
  hold(): void;
  flush(): void;
  /** Lets all of it go that waits now. */
  drain(): void;
}

export function createMemoryTransport(): MemoryTransport {
  let events: TransportEvents | undefined;
  let written = '';
  let buffered = 0;
  let held = false;
  let paused = false;
  let closed = false;
  let destroyed = false;
  return {
    remote: 'memory',
    get bufferedBytes() {
      return buffered;
    },
    attach(handlers) {
      events = handlers;
    },
    send(frame) {
      if (closed) return;
      const bytes = Buffer.concat(frame);
      written += bytes.toString();
      if (held) buffered += bytes.length;
    },
    pause: () => (paused = true),
    resume: () => (paused = false),
    close: () => (closed = true),
    destroy() {
      destroyed = true;
      closed = true;
      events?.onClose();
    },
    receive: (text) => events?.onData(Buffer.from(text)),
    endInput: () => events?.onEnd(),
    drop: () => events?.onClose(),
    get written() {
      return written;
    },
    commands: () => [...written.matchAll(/(?:^|\0)\n*([A-Z]+)\n/gu)].map(([, command]) => command ?? ''),
    get paused() {
      return paused;
    },
    get closed() {
      return closed;
    },
    get destroyed() {
      return destroyed;
    },
    hold: () => (held = true),
    drain() {
      buffered = 0;
      events?.onFlushed();
    },
    flush() {
      held = false;
      buffered = 0;
      events?.onFlushed();
    },
  };
}
