import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below those that systems hand out for port 0 and to outgoing connections (Linux from 32768, others from 49152):
 * any of these may be gone before it is used, or while its server is away.
 */
const lowest = 10_000;
const count = 22_000;

/** Processes begin anywhere, and none gets the same port twice before it has had all. */
let picked = randomInt(count);

/** A TCP port of 127.0.0.1 that nobody listens on, and that nobody gets who did not ask for it. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < count; tried += 1) {
    picked = (picked + 1) % count;
    const port = lowest + picked;
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${lowest} to ${lowest + count - 1} is free`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
