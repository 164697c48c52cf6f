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
  /** Takes the next answer, which must say how long it is. */
  answer(): Promise<HttpAnswer>;
  /** Resolves when the server has closed the connection. */
  closed(): Promise<void>;
}

export async function openRawHttp(port: number): Promise<RawHttp> {
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  let received = Buffer.alloc(0);
  await within(
    new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject)),
    { what: `a connection to port ${port}` },
  );
  socket.on('data', (bytes: Buffer) => (received = Buffer.concat([received, bytes])));
  const closed = new Promise<void>((resolve) => {
    socket.once('end', resolve);
    socket.once('close', () => resolve());
    socket.on('error', () => resolve());
  });
  return {
    write: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    async answer() {
      const { answer, length } = await until(() => parseAnswer(received), {
        what: `an answer; so far came ${JSON.stringify(received.toString('latin1').slice(0, 200))}`,
      });
      received = received.subarray(length);
      return answer;
    },
    closed: () => within(closed, { what: 'the end of the connection' }),
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
