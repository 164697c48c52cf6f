import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

/** A TCP proxy in front of any server, which can fall silent as a server does that hangs. */
export interface SilentProxy {
  /** The given address with the port of the proxy in it. */
  readonly url: string;
  /** What the server says is held back from now on, until `resume`, also on connections that come. */
  fallSilent(): void;
  resume(): void;
  stop(): Promise<void>;
}

export async function startSilentProxy(address: string): Promise<SilentProxy> {
  const target = new URL(address);
  const pairs = new Set<readonly [client: Socket, server: Socket]>();
  let isSilent = false;

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
    server.on('data', (data) => client.write(data));
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
    resume() {
      isSilent = false;
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
