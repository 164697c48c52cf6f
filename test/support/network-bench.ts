import type { FaultyNetwork } from '#testing/network/faulty-network.js';
import { startFaultyNetwork } from '#testing/network/faulty-network.js';
import type { FaultyNetworkOptions } from '#testing/network/network-options.js';
import type { TestBroker } from '#testing/test-broker.js';
import { startTestBroker } from '#testing/test-broker.js';
import type { RawStomp } from './raw-stomp.js';
import { openRawStomp } from './raw-stomp.js';

export interface NetworkBench {
  readonly broker: TestBroker;
  readonly network: FaultyNetwork;
  /** Logged in, through the network. */
  client(headers?: Record<string, string>): Promise<RawStomp>;
  /** The same at the broker itself. */
  direct(): Promise<RawStomp>;
  /** A client through the network with one subscription, id `s`; `ack` is client-individual unless said otherwise. */
  subscriber(queue: string, headers?: Record<string, string>): Promise<RawStomp>;
}

/** To be called inside `describe`: every test gets a test broker and a network in front of it. */
export function networkBench(options: Partial<FaultyNetworkOptions> = {}): NetworkBench {
  let broker: TestBroker | undefined;
  let network: FaultyNetwork | undefined;
  let clients: RawStomp[] = [];

  beforeEach(async () => {
    broker = await startTestBroker();
    network = await startFaultyNetwork({ broker: broker.url, ...options });
  });
  afterEach(async () => {
    for (const client of clients) client.destroy();
    clients = [];
    await network?.stop();
    await broker?.stop();
  });

  async function open(port: number, headers?: Record<string, string>): Promise<RawStomp> {
    const client = await openRawStomp(port);
    clients.push(client);
    await client.connect(headers);
    return client;
  }

  const bench: NetworkBench = {
    get broker() {
      if (broker === undefined) throw new Error('networkBench() is for tests and their hooks');
      return broker;
    },
    get network() {
      if (network === undefined) throw new Error('networkBench() is for tests and their hooks');
      return network;
    },
    client: (headers) => open(bench.network.port, headers),
    direct: () => open(bench.broker.port),
    async subscriber(queue, headers = {}) {
      const client = await bench.client();
      const destination = `/queue/${queue}`;
      await client.confirmed('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', ...headers });
      return client;
    },
  };
  return bench;
}

/** SEND with a receipt to a queue. */
export function sendTo(client: RawStomp, queue: string, text: string | Buffer): Promise<void> {
  return client.confirmed('SEND', { destination: `/queue/${queue}`, persistent: 'true' }, text);
}
