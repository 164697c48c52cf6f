/** Event streams with as little as possible on this side, because there are thousands of them. */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { within } from '../../test/support/until.js';

export interface Streams {
  /** Streams that are there. */
  open(): number;
  /** Lets go of all. */
  close(): void;
}

export interface StreamOptions {
  /** Of the gateway. */
  readonly url: string;
  readonly project: string;
  readonly count: number;
  /** Gets what comes after the headers, in pieces as they come. */
  readonly onText: (text: string, stream: number) => void;
}

const atOnce = 100;
const openWithinMs = 20_000;

/** @throws Error when one is refused or does not begin in time; the others are closed then */
export async function openStreams({ url, project, count, onText }: StreamOptions): Promise<Streams> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
  };

  function open(stream: number): Promise<void> {
    const socket = connect({ host: hostname, port: Number(port) });
    sockets.add(socket);
    socket.setEncoding('latin1');
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => {
        sockets.delete(socket);
        reject(new Error(`stream ${stream} of ${count} was closed`));
      });
      socket.once('connect', () => {
        socket.write(`GET /status/${project} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
      });
      socket.once('data', (head: string) => {
        const [status = ''] = head.split('\r\n');
        if (!status.includes(' 200 ')) reject(new Error(`stream ${stream} of ${count}: ${status}`));
        socket.on('data', (text: string) => onText(text, stream));
        resolve();
      });
    });
  }

  try {
    for (let from = 0; from < count; from += atOnce) {
      const some = Array.from({ length: Math.min(atOnce, count - from) }, (_, index) => open(from + index));
      await within(Promise.all(some), { what: 'event streams to begin', withinMs: openWithinMs });
    }
  } catch (error) {
    close();
    throw error;
  }
  return { open: () => sockets.size, close };
}
