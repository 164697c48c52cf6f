/**
 * What is kept waiting on one connection of HTTP. A client may pipeline calls: all of them are served as they come, but
 * Node gives only the response whose turn it is a socket, and tells only that one when the client is gone.
 */
import type { Socket } from 'node:net';
import type { Response } from 'express';
import { ReplytoError } from '#core/errors.js';

/** Calls that may be kept at the same time; who wants more of them opens another connection. */
const mostKept = 10;

const keptOn = new WeakMap<Socket, Set<() => void>>();

function keptCalls(socket: Socket): Set<() => void> {
  const known = keptOn.get(socket);
  if (known !== undefined) return known;
  const kept = new Set<() => void>();
  keptOn.set(socket, kept);
  // One listener for all: Node warns of many on one socket.
  socket.once('close', () => {
    for (const end of [...kept]) end();
  });
  return kept;
}

/** Why no more calls of its connection may be kept, in one sentence; null when one may. */
export function waitRefusal({ req: { socket } }: Response): string | null {
  const { size } = keptCalls(socket);
  return size < mostKept ? null : `${size} calls of this connection wait already; the limit is ${mostKept}`;
}

/**
 * Keeps a call waiting until the returned function is called. `onGone` is called once when its client hangs up
 * meanwhile, or at once when that has happened already.
 *
 * @throws TOO_MANY_WAITING when ten calls of the connection are kept
 */
export function keepWaiting(response: Response, onGone: () => void): () => void {
  const refusal = waitRefusal(response);
  if (refusal !== null) throw new ReplytoError('TOO_MANY_WAITING', { detail: refusal });
  const { socket } = response.req;
  const kept = keptCalls(socket);
  const end = (): void => {
    if (kept.delete(end)) onGone();
  };
  kept.add(end);
  if (socket.destroyed) end();
  return () => void kept.delete(end);
}

/** Whether its client is still there when the answers before this one have been written: from then on it tells when it goes. */
export async function isThereInTurn(response: Response): Promise<boolean> {
  const gone = new AbortController();
  const release = keepWaiting(response, () => gone.abort());
  try {
    await turnOf(response, gone.signal);
  } finally {
    release();
  }
  return !gone.signal.aborted && !response.destroyed;
}

/** Resolves when the answers before this one are written, or when the signal is aborted. */
export function turnOf(response: Response, signal: AbortSignal): Promise<void> {
  if (response.socket !== null || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    response.once('socket', () => resolve());
    signal.addEventListener('abort', () => resolve());
  });
}
