import type { Kysely, Transaction } from 'kysely';
import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { GroupCommit, Transact } from '#adapters/sql/group-commit.js';
import type { Queries } from './queries.js';
import type { Tables } from './schema.js';
import type { StoreDialect } from './store-dialects.js';

export type Tx = Transaction<Tables>;

/** What every part of the store works with. Reads go to `db`, everything that changes goes through `commits`. */
export interface StoreContext {
  readonly db: Kysely<Tables>;
  readonly commits: GroupCommit<Tx>;
  /**
   * One transaction beside the commits, where the database takes several at a time: nothing waits for it. Elsewhere one of
   * them. For what touches no row that anybody else changes.
   */
  readonly apart: Transact<Tx>;
  readonly queries: Queries;
  readonly dialect: StoreDialect;
  /** To be called by whoever lets an event into the log, in the transaction. */
  readonly eventEntered: () => void;
  readonly clock: Clock;
  readonly newId: IdSource;
  /** Which process this is among those that have the store open; null where it is the only one ever. */
  readonly instance: string | null;
}

/** Somebody else was faster between a read and the write that relies on it: nothing is changed, asking again may help. */
export function changedMeanwhile(id: string): ReplytoError {
  return new ReplytoError('STORE_UNAVAILABLE', {
    detail: `request ${id} was changed by another writer at the same time`,
  });
}
