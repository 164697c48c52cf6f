/**
 * A TCP proxy between a client and a broker, by which a test breaks the network: cut connections, refuse new
 * ones, or let the broker's answers hang.
 */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface TcpProxy {
  /** The broker's URL with the proxy's port in it. */
  readonly url: string;
  /** Ends every connection at once, as a failing network does; new ones are welcome. */
  cut(): void;
  /** What the broker says is held back from now on, until `resume`; what the client says still arrives. */
  holdAnswers(): void;
  /** What the client says is held back from now on, until `resume`; what the broker says still arrives. */
  holdCalls(): void;
  resume(): void;
  /** Connections that are open now. */
  readonly connections: number;
  stop(): Promise<void>;
}

export async function startTcpProxy(brokerUrl: string): Promise<TcpProxy> {
  const target = new URL(brokerUrl);
  const pairs = new Set<readonly [client: Socket, broker: Socket]>();
  let holding = false;
  let holdingCalls = false;

  const server = createServer((client) => {
    const broker = connect(Number(target.port), target.hostname);
    const pair = [client, broker] as const;
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      client.destroy();
      broker.destroy();
    };
    for (const socket of pair) socket.setNoDelay(true).on('error', end).on('close', end);
    client.on('data', (data) => broker.write(data));
    broker.on('data', (data) => client.write(data));
    if (holding) broker.pause();
    if (holdingCalls) client.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const url = new URL(brokerUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);

  function cut(): void {
    const cutting = [...pairs];
    pairs.clear();
    for (const [client, broker] of cutting) {
      // A reset, so that neither side mistakes it for an orderly end.
      client.resetAndDestroy();
      broker.resetAndDestroy();
    }
  }

  return {
    url: url.href,
    cut,
    holdAnswers: () => {
      holding = true;
      for (const [, broker] of pairs) broker.pause();
    },
    holdCalls: () => {
      holdingCalls = true;
      for (const [client] of pairs) client.pause();
    },
    resume: () => {
      holding = false;
      holdingCalls = false;
      for (const pair of pairs) for (const socket of pair) socket.resume();
    },
    get connections() {
      return pairs.size;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        cut();
      }),
  };
}
