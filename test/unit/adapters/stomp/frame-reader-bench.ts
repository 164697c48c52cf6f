import type { FrameReader, FrameReaderOptions } from '#adapters/stomp/frame-reader.js';
import { createFrameReader } from '#adapters/stomp/frame-reader.js';

interface Plain {
  readonly head: string;
  readonly body: string;
}

const limits = { mostHeadBytes: 2_000, mostBodyBytes: 10_000 };

interface GivenReader {
  readonly reader: FrameReader;
  /** What was wrong with frames, in order. */
  readonly damage: string[];
}

export function createReader(options: Partial<FrameReaderOptions> = {}): GivenReader {
  const damage: string[] = [];
  const reader = createFrameReader({ ...limits, onDamage: (what) => damage.push(what), ...options });
  return { reader, damage };
}

/** What these bytes come to, as text with a byte in each character. */
export function read(chunks: readonly (string | Buffer)[], { reader } = createReader()): Plain[] {
  return chunks.flatMap((chunk) =>
    Array.from(reader.read(Buffer.from(chunk)), ({ head, body }) => ({
      head: head.toString('latin1'),
      body: Buffer.from(body).toString('latin1'),
    })),
  );
}

/** In pieces, cut at these places. */
export function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((at) => at % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.subarray(places[index - 1] ?? 0, end));
}
