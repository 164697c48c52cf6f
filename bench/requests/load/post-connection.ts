/**
 * A kept-alive connection that posts the same call with other bodies, and no more than that: on a machine that all parts
 * share, what the caller costs is missing elsewhere, and a whole HTTP client costs as much as an answer.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';

export interface PostConnection {
  /** One at a time. Resolves with the body of a 200. @throws Error in few words; the next call connects anew where it must */
  post(body: string): Promise<string>;
  close(): void;
}

export interface PostTarget {
  readonly port: number;
  readonly path: string;
}

/** Longer than anybody here lets a caller wait. */
const silentWithinMs = 60_000;
/** All of them get the same headers, and only one knows what to do with this one. */
const prefer = 'wait=30';

export function openPostConnection({ port, path }: PostTarget): PostConnection {
  let socket: Socket | undefined;
  let received = '';
  let waiting: { resolve: (body: string) => void; reject: (error: Error) => void } | undefined;

  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nPrefer: ${prefer}\r\nContent-Length: `;

  function fail(words: string): void {
    const waiter = waiting;
    waiting = undefined;
    socket?.destroy();
    socket = undefined;
    waiter?.reject(new Error(words));
  }

  function take(text: string): void {
    received += text;
    const answer = readAnswer(received);
    if (answer === undefined) return;
    if (typeof answer === 'string') {
      fail(answer);
      return;
    }
    received = '';
    const waiter = waiting;
    waiting = undefined;
    if (answer.status === 200) waiter?.resolve(answer.body);
    else waiter?.reject(new Error(`status ${answer.status}`));
  }

  function open(): Socket {
    received = '';
    const opened = connect({ port, host: '127.0.0.1', noDelay: true });
    // Bodies here are ASCII: a character is a byte.
    opened.setEncoding('latin1');
    opened.setTimeout(silentWithinMs, () => failIfOpen('no answer in time'));
    opened.on('data', (text: string) => take(text));
    opened.on('error', ({ message }) => failIfOpen(message));
    opened.on('close', () => failIfOpen('the connection was closed'));
    const failIfOpen = (words: string): void => {
      if (socket === opened) fail(words);
    };
    return opened;
  }

  return {
    post(body) {
      if (waiting !== undefined) throw new Error('a call is under way');
      socket ??= open();
      socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1');
      return new Promise((resolve, reject) => (waiting = { resolve, reject }));
    },
    close: () => fail('closed'),
  };
}

/** Undefined while it is not whole; a text says why it cannot be read. */
function readAnswer(text: string): { readonly status: number; readonly body: string } | string | undefined {
  const headEnd = text.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const length = /\r\ncontent-length: *(\d+)/iu.exec(text.slice(0, headEnd))?.[1];
  if (length === undefined) return 'an answer without Content-Length';
  const bodyAt = headEnd + 4;
  const end = bodyAt + Number(length);
  if (text.length < end) return undefined;
  return { status: Number(text.slice(9, 12)), body: text.slice(bodyAt, end) };
}
