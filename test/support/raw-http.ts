import { connect } from 'node:net';
import type { Socket } from 'node:net';
import type { HttpAnswer } from './http.js';
import { until, within } from './until.js';

/** A connection that sends exactly what it is told, for calls that no HTTP client would make. */
export interface RawHttp {
  write(bytes: string | Buffer): void;
  /** Closes its own side and goes on reading. */
  end(): void;
  destroy(): void;
  /** Ends the connection as a process does that is killed with data unread: with RST. */
  reset(): void;
  /** Takes the next answer, which must say how long it is. */
  answer(): Promise<HttpAnswer>;
  /** What has come and is no whole answer yet. */
  rest(): string;
  /** Resolves when the server has closed its side; it may still read. */
  closed(): Promise<void>;
  /** Resolves when the server has closed both sides: what is written to it comes back as an error. */
  gone(): Promise<void>;
  /** Reads nothing any more until `resume`. */
  pause(): void;
  resume(): void;
  /** Bytes that were written and not taken by the server yet. */
  unsent(): number;
}

export async function openRawHttp(port: number): Promise<RawHttp> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let received = Buffer.alloc(0);
  const pieces: Buffer[] = [];
  const arrived = (): Buffer => (received = Buffer.concat([received, ...pieces.splice(0)]));
  await within(
    new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject)),
    { what: `a connection to port ${port}` },
  );
  socket.on('data', (bytes: Buffer) => void pieces.push(bytes));
  const closed = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
    socket.on('error', () => resolve());
  });
  return {
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    reset: () => void socket.resetAndDestroy(),
    async answer() {
      const { answer, length } = await until(() => parseAnswer(arrived()), {
        what: `an answer; so far came ${JSON.stringify(arrived().toString('latin1', 0, 200))}`,
      });
      received = received.subarray(length);
      return answer;
    },
    rest: () => arrived().toString('latin1'),
    closed: () => within(closed, { what: 'the end of the connection' }),
    async gone() {
      const isRefused = (): boolean => {
        if (!socket.destroyed) socket.write(' ');
        return socket.destroyed;
      };
      await until(isRefused, { what: 'both sides of the connection to be closed' });
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    unsent: () => socket.writableLength,
  };
}

/** One call on a connection of its own: writes, takes the answer, closes. */
export async function rawCall(port: number, bytes: string | Buffer): Promise<HttpAnswer> {
  const connection = await openRawHttp(port);
  try {
    connection.write(bytes);
    return await connection.answer();
  } finally {
    connection.destroy();
  }
}

/** The bytes of a call; a body brings its length. */
export function rawRequest(line: string, headers: readonly string[], body = ''): string {
  const length = body === '' ? [] : [`Content-Length: ${Buffer.byteLength(body)}`];
  return [`${line} HTTP/1.1`, 'Host: x', ...headers, ...length, '', body].join('\r\n');
}

function parseAnswer(bytes: Buffer): { answer: HttpAnswer; length: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const [first = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const status = Number(first.split(' ')[1]);
  const length = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < length) return undefined;
  const body = bytes.subarray(headEnd + 4, length);
  const text = (): string => body.toString('utf8');
  return { answer: { status, headers, body, text, json: () => JSON.parse(text()) as never }, length };
}
