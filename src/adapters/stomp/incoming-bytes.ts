import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { FrameReaderOptions } from './frame-reader.js';
import { FrameFault, createFrameReader } from './frame-reader.js';

/** What comes from a broker, on its way to stompjs. */
export interface IncomingBytes {
  /** What stompjs is to parse, in pieces; each is at most one frame, without its body. */
  readonly toPieces: (bytes: Buffer) => Iterable<Uint8Array>;
  /** Of the frame that stompjs handles now. */
  readonly body: Uint8Array;
  /** When anything came last, monotonic; at first when this was made. */
  readonly heardAt: number;
  /** Something was wrong with a frame; it is told once. */
  readonly onDamage: (what: string) => void;
}

export interface IncomingBytesOptions extends Omit<FrameReaderOptions, 'onDamage' | 'now'> {
  readonly logger: Logger;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Of the broker, for the log. */
  readonly endpoint: string;
  /** Once true nothing is handed over any more. */
  readonly hasEnded: () => boolean;
  /** The stream cannot be read on, in words. */
  readonly onFault: (reason: string, cause: unknown) => void;
}

const none = new Uint8Array(0);

/** By whatever comes stompjs knows that the broker lives, and half a frame is as good as a heart-beat. */
const signOfLife = Buffer.from('\n');

export function createIncomingBytes(options: IncomingBytesOptions): IncomingBytes {
  const { clock, logger, endpoint, hasEnded, onFault } = options;
  const told = new Set<string>();
  let body: Uint8Array = none;
  let heardAt = clock.monotonic();
  function onDamage(what: string): void {
    if (told.has(what)) return;
    told.add(what);
    logger.warn({ endpoint, what }, 'a damaged frame came from the broker; it is read as far as it can be');
  }

  const reader = createFrameReader({ ...options, now: () => clock.monotonic(), onDamage });

  function* toPieces(bytes: Buffer): Iterable<Uint8Array> {
    heardAt = clock.monotonic();
    try {
      for (const frame of reader.read(bytes)) {
        if (hasEnded()) return;
        body = frame.body;
        yield frame.head;
      }
    } catch (error) {
      if (!(error instanceof FrameFault)) throw error;
      onFault(error.message, error);
    } finally {
      body = none;
    }
    if (!hasEnded()) yield signOfLife;
  }

  return {
    toPieces,
    onDamage,
    get body() {
      return body;
    },
    get heardAt() {
      return heardAt;
    },
  };
}
