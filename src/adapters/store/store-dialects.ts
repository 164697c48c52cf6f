/** What the databases say in words of their own. */
import type { RawBuilder } from 'kysely';
import { sql } from 'kysely';

export interface StoreDialect {
  /** As the conditions take it: one statement, however many values there are. */
  readonly toList: (values: readonly (string | number)[]) => unknown;
  readonly isOneOf: (column: string, list: unknown) => RawBuilder<boolean>;
  readonly isNoneOf: (column: string, list: unknown) => RawBuilder<boolean>;
  /** Where nothing else tells that a value is of bytes. */
  readonly asBytes: (value: Buffer | null) => RawBuilder<Buffer | null>;
}

export const sqliteStoreDialect: StoreDialect = {
  // A statement takes 32,766 variables at most, and there may be more values.
  toList: (values) => JSON.stringify(values),
  isOneOf: (column, list) => sql<boolean>`${sql.ref(column)} IN (SELECT value FROM json_each(${list}))`,
  isNoneOf: (column, list) => sql<boolean>`${sql.ref(column)} NOT IN (SELECT value FROM json_each(${list}))`,
  asBytes: (value) => sql`CAST(${value} AS BLOB)`,
};

export const postgresStoreDialect: StoreDialect = {
  toList: (values) => values,
  // The type of the list is that of the column.
  isOneOf: (column, list) => sql<boolean>`${sql.ref(column)} = ANY(${list})`,
  isNoneOf: (column, list) => sql<boolean>`${sql.ref(column)} <> ALL(${list})`,
  asBytes: (value) => sql`CAST(${value} AS BYTEA)`,
};
