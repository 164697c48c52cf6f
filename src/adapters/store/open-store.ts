import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import type { Dialect } from 'kysely';
import { Kysely } from 'kysely';
import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { DeadLetters } from '#core/ports/dead-letters.js';
import type { HandledMessages } from '#core/ports/handled-messages.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Leases } from '#core/ports/leases.js';
import type { Outbox } from '#core/ports/outbox.js';
import type { OutgoingMessages } from '#core/ports/outgoing-messages.js';
import type { RequestStore } from '#core/ports/request-store.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import type { Database } from '#adapters/sqlite/database.js';
import { createSqliteDialect } from '#adapters/sqlite/dialect.js';
import { createGroupCommit } from '#adapters/sqlite/group-commit.js';
import { migrate } from '#adapters/sqlite/migrations.js';
import { createAcceptance } from './acceptance.js';
import { createBrokerMemory } from './broker-memory.js';
import type { StoreContext, Tx } from './context.js';
import { createDeadLetters } from './dead-letters.js';
import { createDeliveries } from './deliveries.js';
import { createEnding } from './ending.js';
import { createEntryNotice } from './entry-notice.js';
import type { EventRetention } from './event-log.js';
import { createEventLog } from './event-log.js';
import { createHandledMessages } from './handled-messages.js';
import { createHistory } from './history.js';
import { createLetterChanges } from './letter-changes.js';
import { makeFolders } from './make-folders.js';
import { storeMigrations } from './migrations.js';
import { createLeases } from './leases.js';
import { createOutbox } from './outbox.js';
import { createOutgoingMessages } from './outgoing-messages.js';
import { createQueries } from './queries.js';
import { createRetention } from './retention.js';
import type { Tables } from './schema.js';
import { createSending } from './sending.js';
import { createSettlement } from './settlement.js';
import { createStoreCheck } from './store-check.js';
import { createUnmatchedReplies } from './unmatched-replies.js';

export interface OpenStoreOptions {
  /** Path of the SQLite file, or `:memory:`; its folder is made. */
  readonly path: string;
  readonly clock: Clock;
  readonly newId: IdSource;
  /** Milliseconds that ended requests stay; default 7 days. */
  readonly retentionMs?: number;
  /** How long status events stay; default 7 days, 100,000 events for each project. */
  readonly eventRetention?: EventRetention;
}

/** Everything durable of one deployment. */
export interface Store {
  /** Identity of this store, made with it; travels as `Store-ID`. */
  readonly id: string;
  /** 32 random bytes of this store, the key of its reply tokens. */
  readonly secret: Uint8Array;
  readonly requests: RequestStore;
  readonly events: EventLog;
  readonly outbox: Outbox;
  readonly leases: Leases;
  readonly outgoing: OutgoingMessages;
  readonly deadLetters: DeadLetters;
  readonly handledMessages: HandledMessages;
  /** Transactions committed so far, for metrics. */
  transactions(): number;
  /** Resolves when it takes a write; at most one a second, whose answer is shared. Rejects STORE_UNAVAILABLE. */
  check(): Promise<void>;
  /** Remembers the address of the broker in use, without secrets; resolves with the one before, null at first. */
  rememberBroker(address: string): Promise<string | null>;
  /** Waits for what is being committed, then closes the file. */
  close(): Promise<void>;
}

const sevenDaysMs = 7 * 24 * 60 * 60 * 1000;
const defaultEventRetention: EventRetention = { statusMs: sevenDaysMs, statusEvents: 100_000 };

/**
 * Opens the store, alone: a second process on the same file is refused.
 *
 * @throws STORE_LOCKED, STORE_CORRUPT, STORE_NEWER, STORE_UNAVAILABLE
 */
export function openStore({ path, ...options }: OpenStoreOptions): Store {
  if (path !== ':memory:') makeFolder(dirname(path));
  const database = openDatabase({ path });
  try {
    return createStore(database, options);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Takes over an open database. @throws STORE_CORRUPT, STORE_NEWER, STORE_UNAVAILABLE */
export function createStore(database: Database, options: Omit<OpenStoreOptions, 'path'>): Store {
  const { clock, newId } = options;
  migrate(database, storeMigrations);
  const identity = readIdentity(database, newId);
  // The exclusive lock proves that whoever was sending is gone, so its requests need not wait for a lease.
  database.run("UPDATE requests SET send_lease_until = 0 WHERE status = 'accepted'");
  database.run("UPDATE outbox SET next_at = 0 WHERE status = 'waiting' AND owner IS NOT NULL");
  database.run('UPDATE outgoing SET next_at = 0 WHERE owner IS NOT NULL');
  database.run('DELETE FROM duties');
  let isClosed = false;
  const db = new Kysely<Tables>({ dialect: guarded(createSqliteDialect(database), () => isClosed) });
  const entries = createEntryNotice();
  const commits = createGroupCommit<Tx>(async (work) => {
    const result = await db.transaction().execute(work);
    entries.committed();
    return result;
  });
  const { entered: eventEntered } = entries;
  const queries = createQueries(db);
  const context: StoreContext = { db, commits, queries, clock, newId, eventEntered };
  const check = createStoreCheck(context);
  return {
    ...identity,
    requests: {
      ...createAcceptance(context),
      ...createSending(context),
      ...createSettlement(context),
      ...createEnding(context),
      ...createHistory(context),
      ...createRetention(context, options.retentionMs ?? sevenDaysMs),
    },
    events: createEventLog(context, entries.listeners, options.eventRetention ?? defaultEventRetention),
    outbox: { ...createOutbox(context), ...createDeliveries(context) },
    leases: createLeases(context),
    outgoing: createOutgoingMessages(context),
    deadLetters: {
      ...createDeadLetters(context),
      ...createLetterChanges(context),
      ...createUnmatchedReplies(context),
    },
    handledMessages: createHandledMessages(context),
    transactions: () => commits.transactions,
    rememberBroker: createBrokerMemory(context),
    check: () => (isClosed ? Promise.reject(closed()) : check()),
    async close() {
      if (isClosed) return;
      await commits.idle();
      isClosed = true;
      await db.destroy();
      database.close();
    },
  };
}

/** Kysely would open a destroyed driver again, and libsql still answers on a closed handle. */
function guarded(dialect: Dialect, isClosed: () => boolean): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver() {
      const driver = dialect.createDriver();
      return {
        ...driver,
        // Kysely forgets to destroy a driver that was never used; whoever opened the file closes it.
        destroy: () => Promise.resolve(),
        acquireConnection: () => (isClosed() ? Promise.reject(closed()) : driver.acquireConnection()),
      };
    },
  };
}

function closed(): ReplytoError {
  return new ReplytoError('STORE_UNAVAILABLE', { detail: 'the store is closed' });
}

type Identity = Pick<Store, 'id' | 'secret'>;

function makeFolder(folder: string): void {
  try {
    makeFolders(folder);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ReplytoError('STORE_UNAVAILABLE', {
      detail: `cannot make the folder ${folder}: ${reason}`,
      cause: error,
    });
  }
}

/** Identity and secret are made once, with the store. */
function readIdentity(database: Database, newId: IdSource): Identity {
  database.run("INSERT INTO meta (key, value) VALUES ('id', ?) ON CONFLICT DO NOTHING", [
    Buffer.from(newId()),
  ]);
  database.run("INSERT INTO meta (key, value) VALUES ('secret', ?) ON CONFLICT DO NOTHING", [
    randomBytes(32),
  ]);
  const value = (key: string): Buffer => {
    const [row] = database.all('SELECT value FROM meta WHERE key = ?', [key]);
    const found = row?.['value'];
    if (!Buffer.isBuffer(found))
      throw new ReplytoError('STORE_CORRUPT', { detail: `the store has no ${key}` });
    return found;
  };
  return { id: value('id').toString('utf8'), secret: value('secret') };
}
