import type { MemoryTransport } from '../../../support/memory-transport.js';

export interface WrittenFrame {
  readonly command: string;
  /** As they were written, escapes and all. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Gives at each call the frames that the server wrote since the last one. */
export function createFrameReader(transport: MemoryTransport): () => WrittenFrame[] {
  let readTo = 0;
  return () => {
    const { written } = transport;
    const frames = written.slice(readTo).split('\0').slice(0, -1);
    readTo = written.length;
    return frames.map(toFrame);
  };
}

function toFrame(text: string): WrittenFrame {
  const [head = '', ...rest] = text.replace(/^\n+/u, '').split('\n\n');
  const [command = '', ...lines] = head.split('\n');
  const headers = lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]);
  return { command, headers: Object.fromEntries(headers) as Record<string, string>, body: rest.join('\n\n') };
}
