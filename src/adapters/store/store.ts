/** Everything durable of one deployment, put together from its parts; the databases open it. */
import { randomBytes } from 'node:crypto';
import type { Dialect } from 'kysely';
import { Kysely } from 'kysely';
import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { DeadLetters } from '#core/ports/dead-letters.js';
import type { EventLog } from '#core/ports/event-log.js';
import type { Gatherings } from '#core/ports/gatherings.js';
import type { HandledMessages } from '#core/ports/handled-messages.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { Instances } from '#core/ports/instances.js';
import type { Leases } from '#core/ports/leases.js';
import type { Outbox } from '#core/ports/outbox.js';
import type { OutgoingMessages } from '#core/ports/outgoing-messages.js';
import type { RequestLives } from '#core/ports/request-lives.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { Transact } from '#adapters/sql/group-commit.js';
import { createGroupCommit } from '#adapters/sql/group-commit.js';
import { createAcceptance } from './acceptance.js';
import { createApart } from './apart.js';
import { createBrokerMemory } from './broker-memory.js';
import type { StoreContext, Tx } from './context.js';
import { createCounting } from './counting.js';
import { createDeadLetters } from './dead-letters.js';
import { createDeliveries } from './deliveries.js';
import { createDelivering } from './delivering.js';
import { createEnding } from './ending.js';
import { createEntryNotice } from './entry-notice.js';
import type { EventRetention } from './event-log.js';
import { createEventLog } from './event-log.js';
import { createGatherings } from './gatherings.js';
import { createHandledMessages } from './handled-messages.js';
import { createHistory } from './history.js';
import { createInstances } from './instances.js';
import { createLeases } from './leases.js';
import { createLetterChanges } from './letter-changes.js';
import { createLives } from './lives.js';
import { createOutgoingMessages } from './outgoing-messages.js';
import { createQueries } from './queries.js';
import { createRetention } from './retention.js';
import type { Tables } from './schema.js';
import { createSending } from './sending.js';
import { createSettlement } from './settlement.js';
import type { StoreDialect } from './store-dialects.js';
import { createStoreCheck } from './store-check.js';
import { createUnmatchedReplies } from './unmatched-replies.js';

/** What a store is opened with, wherever it is. */
export interface StoreOptions {
  readonly clock: Clock;
  readonly newId: IdSource;
  /** The id of this process among others; default none. */
  readonly instance?: string;
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
  readonly gatherings: Gatherings;
  readonly events: EventLog;
  readonly outbox: Outbox;
  readonly leases: Leases;
  readonly outgoing: OutgoingMessages;
  readonly deadLetters: DeadLetters;
  readonly lives: RequestLives;
  readonly instances: Instances;
  readonly handledMessages: HandledMessages;
  /** Whether other processes may have it open, too. */
  readonly isShared: boolean;
  /** Its own time, of which its instants are. */
  readonly time: Pick<Clock, 'now'>;
  /** Transactions committed so far, for metrics. */
  transactions(): number;
  /** Resolves when it takes a write; at most one a second, whose answer is shared. Rejects STORE_UNAVAILABLE. */
  check(): Promise<void>;
  /** Remembers the address of the broker in use, without secrets; resolves with the one before, null at first. */
  rememberBroker(address: string): Promise<string | null>;
  /** Waits for what is being committed, then closes the database. */
  close(): Promise<void>;
}

/** A database whose schema is up to date. */
export interface OpenedDatabase {
  /** Whether other processes may have it open, too. */
  readonly isShared: boolean;
  readonly dialect: Dialect;
  readonly storeDialect: StoreDialect;
  /** Default: one of Kysely's. */
  readonly transact?: Transact<Tx>;
  /** The same on connections of its own; default: among the commits. */
  readonly transactApart?: Transact<Tx>;
  /** Made once, with the database. */
  readonly identity: Identity;
  /** Nothing uses it any more. */
  readonly close: () => Promise<void> | void;
}

export interface Identity {
  readonly id: string;
  readonly secret: Uint8Array;
}

const sevenDaysMs = 7 * 24 * 60 * 60 * 1000;
const defaultEventRetention: EventRetention = { statusMs: sevenDaysMs, statusEvents: 100_000 };

export function composeStore(database: OpenedDatabase, options: StoreOptions): Store {
  const { clock, newId } = options;
  let isClosed = false;
  const db = new Kysely<Tables>({ dialect: guarded(database.dialect, () => isClosed) });
  const entries = createEntryNotice();
  const transact = database.transact ?? ((work) => db.transaction().execute(work));
  const commits = createGroupCommit<Tx>(
    async (work) => {
      if (isClosed) throw closed();
      const result = await transact(work);
      entries.committed();
      return result;
    },
    database.isShared ? { lock: (tx, keys) => lockRequests(tx, context, keys) } : undefined,
  );
  const { transactApart } = database;
  const apart = createApart(
    commits,
    transactApart && ((work) => (isClosed ? Promise.reject(closed()) : transactApart(work))),
  );
  const { entered: eventEntered } = entries;
  const queries = createQueries(db, database.storeDialect);
  const context: StoreContext = {
    ...{ db, commits, queries, clock, newId, eventEntered },
    apart: apart.run,
    dialect: database.storeDialect,
    instance: options.instance ?? null,
  };
  const check = createStoreCheck(context);
  let closing: Promise<void> | undefined;

  async function close(): Promise<void> {
    await Promise.all([commits.idle(), apart.idle()]);
    isClosed = true;
    await db.destroy();
    await database.close();
  }

  return {
    ...database.identity,
    isShared: database.isShared,
    time: clock,
    requests: {
      ...createAcceptance(context),
      ...createCounting(context),
      ...createSending(context),
      ...createSettlement(context),
      ...createEnding(context),
      ...createHistory(context),
      ...createRetention(context, options.retentionMs ?? sevenDaysMs),
    },
    gatherings: createGatherings(context),
    events: createEventLog(context, entries.listeners, options.eventRetention ?? defaultEventRetention),
    outbox: { ...createDelivering(context), ...createDeliveries(context) },
    leases: createLeases(context),
    outgoing: createOutgoingMessages(context),
    lives: createLives(context),
    deadLetters: {
      ...createDeadLetters(context),
      ...createLetterChanges(context),
      ...createUnmatchedReplies(context),
    },
    instances: createInstances(context),
    handledMessages: createHandledMessages(context),
    transactions: () => commits.transactions,
    rememberBroker: createBrokerMemory(context),
    check: () => (isClosed ? Promise.reject(closed()) : check()),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

/** In the order of their ids, as every process does it. */
async function lockRequests(
  tx: Tx,
  { queries, dialect }: StoreContext,
  ids: readonly string[],
): Promise<void> {
  await queries.lockRecords(tx, { ids: dialect.toList(ids) });
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
        // Kysely forgets to destroy a driver that was never used; whoever opened the database closes it.
        destroy: () => Promise.resolve(),
        acquireConnection: () => (isClosed() ? Promise.reject(closed()) : driver.acquireConnection()),
      };
    },
  };
}

function closed(): ReplytoError {
  return new ReplytoError('STORE_UNAVAILABLE', { detail: 'the store is closed' });
}

/** The first values of a new store, for its table `meta`. */
export function newIdentity(newId: IdSource): readonly (readonly [key: string, value: Buffer])[] {
  return [
    ['id', Buffer.from(newId())],
    ['secret', randomBytes(32)],
  ];
}

/** @throws STORE_CORRUPT when one of them is not there any more */
export function toIdentity(valueOf: (key: string) => unknown): Identity {
  const read = (key: string): Buffer => {
    const found = valueOf(key);
    if (Buffer.isBuffer(found)) return found;
    throw new ReplytoError('STORE_CORRUPT', { detail: `the store has no ${key}` });
  };
  return { id: read('id').toString('utf8'), secret: read('secret') };
}
