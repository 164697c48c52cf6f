import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import { refuseProblems } from '#core/refuse-problems.js';
import { openPostgresStore } from '#adapters/store/open-postgres-store.js';
import { openStore as openStoreAt } from '#adapters/store/open-store.js';
import type { Store } from '#adapters/store/store.js';
import { isPostgresUrl } from '#schema/store-settings.js';
import { systemClock } from '../system-clock.js';
import { durationRange, nameProblems, numberProblem, toOptions } from './option-checks.js';
import { backgroundClock, toSweptStore } from './swept-store.js';
import { newId } from '../new-id.js';

export interface OpenStoreOptions {
  /** Milliseconds that ended requests, and the memory of idempotent repliers, stay; default 7 days. */
  readonly retentionMs?: number;
}

/**
 * Opens a store for a requestor or for idempotent repliers; one process at a time. Until it is closed it removes by
 * itself what is past its retention.
 *
 * @param url `sqlite:PATH`, or `sqlite::memory:` which keeps nothing beyond this process
 * @throws INVALID_ARGUMENT, STORE_LOCKED, STORE_CORRUPT, STORE_NEWER, STORE_UNAVAILABLE
 */
export function openStore(url: string, options: OpenStoreOptions = {}): Store {
  return toSweptStore(openStoreOn(systemClock, url, options));
}

/** The same on another clock, by which requests expire; nothing is removed from it. */
export function openStoreOn(clock: Clock, url: string, options: OpenStoreOptions): Store {
  const { retentionMs, ...others } = toOptions(options);
  const path = /^sqlite:(?<path>.+)$/u.exec(url)?.groups?.['path'];
  const allowed = 'sqlite: followed by the path of a file, or sqlite::memory:';
  refuseProblems([
    path === undefined ? toProblem('url', url, allowed) : undefined,
    ...nameProblems(others, ['retentionMs']),
    numberProblem('retentionMs', retentionMs, durationRange),
  ]);
  return openStoreAt({ ...options, path: path ?? '', clock, newId });
}

export interface OpenSharedStoreOptions extends OpenStoreOptions {
  /** Connections of this process at the same time; default 10. */
  readonly poolSize?: number;
  /** Milliseconds that one statement may take, or a row may be locked by another process; default 15,000. */
  readonly statementTimeoutMs?: number;
}

/**
 * Opens a store in PostgreSQL for a requestor or for idempotent repliers, which any number of processes may have open.
 * Until it is closed it removes by itself what is past its retention.
 *
 * @param url `postgres://USER:PASSWORD@HOST:PORT/DATABASE`; not the database, or the schema, of a gateway
 * @throws INVALID_ARGUMENT, INSTANCE_CONFLICT, STORE_NEWER, STORE_CORRUPT, STORE_UNAVAILABLE
 */
export async function openSharedStore(url: string, options: OpenSharedStoreOptions = {}): Promise<Store> {
  const { retentionMs, poolSize, statementTimeoutMs, ...others } = toOptions(options);
  refuseProblems([
    // A password may stand in it: it is not shown.
    typeof url === 'string' && isPostgresUrl(url)
      ? undefined
      : toProblem('url', undefined, 'postgres://USER:PASSWORD@HOST:PORT/DATABASE'),
    ...nameProblems(others, ['retentionMs', 'poolSize', 'statementTimeoutMs']),
    numberProblem('retentionMs', retentionMs, durationRange),
    numberProblem('poolSize', poolSize, { min: 3, max: 1_000 }),
    numberProblem('statementTimeoutMs', statementTimeoutMs, { min: 100, max: 600_000 }),
  ]);
  const store = await openPostgresStore({ ...options, url, clock: backgroundClock, newId });
  try {
    refuseProblems([await gatewayProblem(store)]);
  } catch (error) {
    await store.close();
    throw error;
  }
  return toSweptStore(store);
}

/** What a gateway keeps would be removed by the retention of this store. */
async function gatewayProblem({ instances }: Store): Promise<Problem | undefined> {
  const [gateway] = await instances.list();
  if (gateway === undefined) return undefined;
  return toProblem('url', undefined, 'a database, or a schema of it, that no gateway has for its store');
}

/** Long enough to join a request that was just answered, and to know its reply when it is delivered again. */
const passingRetentionMs = 60_000;

/**
 * In memory, for a requestor that was given no store: what has ended is removed after a minute, by the requestor as long
 * as it runs.
 */
export function openPassingStore(clock: Clock): Store {
  const store = openStoreAt({ path: ':memory:', clock, newId, retentionMs: passingRetentionMs });
  return {
    ...store,
    // Nobody could look at what is kept here, and it would grow as long as the process lives.
    deadLetters: { ...store.deadLetters, keep: () => Promise.resolve(true) },
  };
}
