import type { Logger } from '#core/ports/logger.js';
import { silentLogger } from '#core/ports/logger.js';
import { ReplytoError } from '#core/errors.js';
import type { BrokerLimits } from '#adapters/broker/limits.js';
import { completeLimits } from '#adapters/broker/limits.js';
import { createMessageLog } from '#adapters/broker/message-log.js';
import type { RunningBroker } from '#adapters/broker/running-broker.js';
import { createRunningBroker } from '#adapters/broker/running-broker.js';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { createSession } from '#adapters/stomp-server/session.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import type { MemoryTransport } from '../../../support/memory-transport.js';
import { createMemoryTransport } from '../../../support/memory-transport.js';
import { until } from '../../../support/until.js';

/** A broker without sockets, on a database whose statements fail when a test says so. */
export interface MemoryBroker {
  readonly broker: RunningBroker;
  readonly database: Database;
  readonly clock: ManualClock;
  /** From now on these statements fail, also BEGIN and COMMIT; without any, all work. */
  fail(statements?: RegExp | ((sql: string) => boolean)): void;
  /** A connection on which nothing was sent yet; its session has this id, or one of its own. */
  open(id?: string): MemoryTransport;
  /** A client that has logged in, with client-id `me`. */
  connect(): MemoryTransport;
  /** A client with one subscription, id `s`, acknowledging one by one. */
  subscriber(destination: string): Promise<MemoryTransport>;
  /** Lets the broker finish what it has begun: the group commit, and subscriptions, which begin a turn later. */
  settle(): Promise<void>;
  /** The broker dies as it is; another one starts on its database. */
  restart(): void;
}

export function createMemoryBroker(options: {
  readonly path?: string;
  readonly limits?: Partial<BrokerLimits>;
  readonly logger?: Logger;
}): MemoryBroker {
  const { logger = silentLogger } = options;
  const database = openDatabase({ path: options.path ?? ':memory:' });
  const limits = completeLimits(options.limits);
  const clock = createManualClock();
  let clients = 0;
  let isFailing: (sql: string) => boolean = () => false;

  function check(sql: string): void {
    if (isFailing(sql)) {
      throw new ReplytoError('STORE_UNAVAILABLE', { detail: 'disk I/O error' });
    }
  }

  function start(): RunningBroker {
    const log = createMessageLog({
      ...database,
      run: (sql, values) => {
        check(sql);
        return database.run(sql, values);
      },
      all: (sql, values) => {
        check(sql);
        return database.all(sql, values);
      },
      transaction: (work) => {
        check('BEGIN');
        return database.transaction(() => {
          const result = work();
          check('COMMIT');
          return result;
        });
      },
    });
    return createRunningBroker({ log, limits, freeQueues: new Set(['owner']), clock, logger });
  }

  let broker = start();
  const memory: MemoryBroker = {
    get broker() {
      return broker;
    },
    database,
    clock,
    fail(statements = () => false) {
      isFailing = typeof statements === 'function' ? statements : (sql) => statements.test(sql);
    },
    open(id = `client${(clients += 1)}`) {
      const transport = createMemoryTransport();
      createSession({
        id,
        transport,
        server: 'test',
        limits,
        clock,
        logger,
        accept: (session, frame) => broker.connect(session, frame),
        onClosed: () => undefined,
      });
      return transport;
    },
    connect() {
      const transport = memory.open();
      transport.receive('CONNECT\naccept-version:1.2\nclient-id:me\nhost:x\n\n\0');
      return transport;
    },
    async subscriber(destination) {
      const client = memory.connect();
      client.receive(
        `SUBSCRIBE\nid:s\ndestination:${destination}\nack:client-individual\nreceipt:subscribed\n\n\0`,
      );
      await says(client, 'receipt-id:subscribed');
      return client;
    },
    async settle() {
      for (let turns = 0; turns < 3; turns += 1) {
        await broker.idle();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    restart() {
      broker = start();
    },
  };
  return memory;
}

/** A persistent message, with a receipt. */
export function sendFrame(destination: string, receipt: string, body = 'x'): string {
  return `SEND\ndestination:${destination}\npersistent:true\nreceipt:${receipt}\n\n${body}\0`;
}

/** Waits until the client was told this. */
export async function says(client: MemoryTransport, text: string | RegExp): Promise<void> {
  await until(() => (typeof text === 'string' ? client.written.includes(text) : text.test(client.written)), {
    what: `${String(text)} in ${client.written}`,
  });
}
