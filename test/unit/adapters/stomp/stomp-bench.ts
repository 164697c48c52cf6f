import type { StompBroker, StompBrokerOptions } from '#adapters/stomp/broker.js';
import { createStompBroker } from '#adapters/stomp/broker.js';
import { parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import type { ConnectionSettings, StompConnection } from '#adapters/stomp/stomp-connection.js';
import { openConnection } from '#adapters/stomp/connection.js';
import { systemClock } from '#app/system-clock.js';
import type { FakeStompConnection, FakeStompServer } from '../../../support/fake-stomp-server.js';
import { fakeStompServer } from '../../../support/fake-stomp-server.js';
import type { FakeStompServerOptions } from '../../../support/fake-stomp-server.js';
import type { RecordingLogger } from '../../../support/recording.js';
import { createRecordingLogger } from '../../../support/recording.js';

/** The STOMP adapter and a server that a test scripts. All that is opened is closed after the test. */
export interface StompBench {
  readonly server: FakeStompServer;
  readonly logger: RecordingLogger;
  settings(settings?: Partial<ConnectionSettings>): ConnectionSettings;
  /** One connection, and the server's end of it. */
  connect(settings?: Partial<ConnectionSettings>): Promise<[StompConnection, FakeStompConnection]>;
  /** Channel and source with one sending connection, not started yet. */
  broker(options?: Partial<StompBrokerOptions>): StompBroker;
  /** The same, when its sending connection is up; the server's end of that is the second. */
  started(options?: Partial<StompBrokerOptions>): Promise<[StompBroker, FakeStompConnection]>;
}

/** To be called inside `describe`. */
export function stompBench(options: FakeStompServerOptions = {}): StompBench {
  let logger = createRecordingLogger();
  let closing: (() => Promise<void>)[] = [];

  // Defined before the server's hooks, so that clients end before their server.
  afterEach(async () => {
    for (const close of closing) await close();
    closing = [];
  });
  const server = fakeStompServer(options);
  beforeEach(() => {
    logger = createRecordingLogger();
  });

  const bench: StompBench = {
    get server() {
      return server();
    },
    get logger() {
      return logger;
    },
    settings: (settings = {}) => ({
      ...{ clock: systemClock, logger, connectTimeoutMs: 2_000, receiptTimeoutMs: 2_000, heartbeatMs: 0 },
      ...settings,
    }),
    async connect(settings) {
      const nth = bench.server.connections.length + 1;
      const [endpoint] = parseBrokerUrl(bench.server.url).endpoints;
      const connection = await openConnection(endpoint!, bench.settings(settings));
      closing.push(() => connection.close(100));
      return [connection, await bench.server.connection(nth)];
    },
    broker(more = {}) {
      const broker = createStompBroker({
        ...{ url: bench.server.url, clock: systemClock, logger, heartbeatMs: 0, receiptTimeoutMs: 2_000 },
        ...{ sendConnections: 1, random: () => 0 },
        ...more,
      });
      closing.push(() => broker.stop(100));
      return broker;
    },
    async started(more) {
      const broker = bench.broker(more);
      const nth = bench.server.connections.length + 1;
      const failure = await broker.start();
      if (failure !== null) throw failure;
      return [broker, await bench.server.connection(nth)];
    },
  };
  return bench;
}
