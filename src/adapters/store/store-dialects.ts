/** What the databases say in words of their own. */
import { sql } from 'kysely';
import type { StoreDialect } from './context.js';

export const sqliteStoreDialect: StoreDialect = {
  // A statement takes 32,766 variables at most, and there may be more names.
  isNoneOf: (column, names) =>
    sql<boolean>`${sql.ref(column)} NOT IN (SELECT value FROM json_each(${JSON.stringify(names)}))`,
  isOneOf: (column, values) =>
    sql<boolean>`${sql.ref(column)} IN (SELECT value FROM json_each(${JSON.stringify(values)}))`,
};

export const postgresStoreDialect: StoreDialect = {
  isNoneOf: (column, names) => sql<boolean>`${sql.ref(column)} <> ALL(${names}::text[])`,
  isOneOf: (column, values) =>
    typeof values[0] === 'number'
      ? sql<boolean>`${sql.ref(column)} = ANY(${values}::bigint[])`
      : sql<boolean>`${sql.ref(column)} = ANY(${values}::text[])`,
};
