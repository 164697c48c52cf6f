import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A TCP proxy in front of any server, which can fall silent as a server does that hangs, or be slow. */
export interface SilentProxy {
  /** The given address with the port of the proxy in it. */
  readonly url: string;
  /** What the server says is held back from now on, until `resume`, also on connections that come. */
  fallSilent(): void;
  /** What the server says is passed on so many milliseconds later from now on, until `resume`. */
  slowDown(ms: number): void;
  /** As at first; what was held back comes at once, in its order. */
  resume(): void;
  stop(): Promise<void>;
}

export async function startSilentProxy(address: string): Promise<SilentProxy> {
  const target = new URL(address);
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  /** What is to be passed on later, in its order. */
  const later: { readonly dueAt: number; readonly action: () => void }[] = [];
  let isSilent = false;
  let delayMs = 0;

  function passOn(action: () => void): void {
    if (delayMs === 0) {
      action();
      return;
    }
    const dueAt = performance.now() + delayMs;
    later.push({ dueAt, action });
    // A timer may come a little early.
    setTimeout(() => release(dueAt), delayMs).unref();
  }

  function release(untilDueAt: number): void {
    while (later[0] !== undefined && later[0].dueAt <= untilDueAt) later.shift()?.action();
  }

  const listener = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    const pair = [client, server] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', end).on('close', end);
    client.pipe(server);
    server.on('data', (data) => passOn(() => client.write(data)));
    if (isSilent) server.pause();
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const url = new URL(address);
  url.port = String((listener.address() as AddressInfo).port);

  return {
    url: url.href,
    fallSilent() {
      isSilent = true;
      for (const [, server] of pairs) server.pause();
    },
    slowDown(ms) {
      delayMs = ms;
    },
    resume() {
      isSilent = false;
      delayMs = 0;
      release(Infinity);
      for (const [, server] of pairs) server.resume();
    },
    async stop() {
      for (const [client, server] of pairs) {
        client.destroy();
        server.destroy();
      }
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
