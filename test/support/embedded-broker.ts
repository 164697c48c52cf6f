import { join } from 'node:path';
import type { EmbeddedBroker, EmbeddedBrokerOptions } from '#adapters/broker/embedded-broker.js';
import { createEmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import type { QueueStatistics } from '#adapters/broker/statistics.js';
import { systemClock } from '#app/system-clock.js';

import type { RawStomp } from './raw-stomp.js';
import { openRawStomp } from './raw-stomp.js';
import { temporaryFolder } from './temporary-folder.js';

/** An embedded broker for the tests of a suite, and clients of it. */
export interface BrokerFixture {
  readonly broker: EmbeddedBroker;
  readonly port: number;
  /** Its database file. */
  readonly path: string;
  /** Opens a connection, without CONNECT. */
  open(): Promise<RawStomp>;
  /** Opens a connection and logs in. */
  client(headers?: Record<string, string>): Promise<RawStomp>;
  /** A client with one subscription, id `s`, acknowledging one by one unless `headers` say otherwise. */
  subscriber(destination: string, headers?: Record<string, string>): Promise<RawStomp>;
  /** Sends texts to a queue or topic, each persistent and confirmed. */
  send(destination: string, ...texts: string[]): Promise<void>;
  /** Stops the broker and starts another on the same file, on another port. */
  restart(): Promise<void>;
  /** Figures of one queue; zeros when the broker does not know it (any more). */
  queue(name: string): QueueStatistics;
}

/** To be called inside `describe`: every test gets a broker on a file of its own, which is stopped after it. */
export function embeddedBroker(options: Partial<EmbeddedBrokerOptions> = {}): BrokerFixture {
  let broker: EmbeddedBroker | undefined;
  let port = 0;
  let clients: RawStomp[] = [];

  async function start(): Promise<void> {
    broker = createEmbeddedBroker({ path: fixture.path, clock: systemClock, port: 0, ...options });
    port = (await broker.start()).port;
  }

  // Hooks run in the order of their definition: the broker ends before its folder is removed.
  afterEach(async () => {
    for (const client of clients) client.destroy();
    clients = [];
    await broker?.stop(1_000);
  });
  const folder = temporaryFolder();
  beforeEach(start);

  const fixture: BrokerFixture = {
    get broker() {
      if (broker === undefined) throw new Error('embeddedBroker() is for tests and their hooks');
      return broker;
    },
    get port() {
      return port;
    },
    get path() {
      return join(folder(), 'broker.db');
    },
    async open() {
      const client = await openRawStomp(port);
      clients.push(client);
      return client;
    },
    async client(headers) {
      const client = await fixture.open();
      await client.connect(headers);
      return client;
    },
    async subscriber(destination, headers = {}) {
      const client = await fixture.client();
      await client.confirmed('SUBSCRIBE', { id: 's', destination, ack: 'client-individual', ...headers });
      return client;
    },
    async send(destination, ...texts) {
      const client = await fixture.client();
      for (const text of texts) await client.confirmed('SEND', { destination, persistent: 'true' }, text);
      client.destroy();
    },
    async restart() {
      await fixture.broker.stop(1_000);
      await start();
    },
    queue: (name) =>
      fixture.broker.statistics().queues.find((queue) => queue.name === name) ?? {
        name,
        depth: 0,
        consumers: 0,
        inFlight: 0,
      },
  };
  return fixture;
}
