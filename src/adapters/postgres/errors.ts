import pg from 'pg';
import { ReplytoError, isReplytoError } from '#core/errors.js';

const { DatabaseError } = pg;

/** SQLSTATE codes (https://www.postgresql.org/docs/current/errcodes-appendix.html) and what to do about them. */
const remedies: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong',
  '28000': 'the login is refused; see pg_hba.conf',
  '3D000': 'make the database first, or name another one',
  '42501': 'the user lacks a right: it has to own the tables, and to make them at the first start',
  '53300': 'too many connections: raise max_connections, or lower store.poolSize',
  '53100': 'its disk is full',
  '25006': 'it takes no writes: it is a standby, or default_transaction_read_only is on',
  '57014': 'a statement took longer than store.statementTimeoutMs',
  '55P03': 'a row was locked for longer than store.statementTimeoutMs',
  '57P03': 'it is starting or stopping',
  '57P01': 'it was stopped',
};

/** What PostgreSQL, or the way to it, answered: an error of the store in any case. */
export function toStoreError(error: unknown, where: string): ReplytoError {
  if (isReplytoError(error)) return error;
  const code = sqlStateOf(error);
  if (code !== undefined && isOfTheStatement(code)) {
    return new ReplytoError('INTERNAL', {
      detail: `${where} refuses a statement: ${reasonOf(error)}`,
      cause: error,
    });
  }
  const remedy = code === undefined ? undefined : remedies[code];
  const detail = `${where}: ${reasonOf(error)}${remedy === undefined ? '' : ` (${remedy})`}`;
  return new ReplytoError('STORE_UNAVAILABLE', { detail, cause: error });
}

/** Two transactions waited for each other, and this one was ended for it: it will do when it is tried again. */
export function isDeadlock(error: unknown): boolean {
  const code = error instanceof Error ? sqlStateOf(error.cause) : undefined;
  return code === '40P01' || code === '40001';
}

/**
 * The same statement with the same values is refused each time: a value that does not fit, a rule that it breaks, words that
 * the server does not know, more than it can take. To try it again as if the server were away would never end.
 */
function isOfTheStatement(code: string): boolean {
  return /^(?:22|23|42|54)/u.test(code) && code !== '42501';
}

/** Whether the connection can be used again after this. */
export function leavesConnection(error: unknown): boolean {
  // What the server said leaves the connection as it was; anything else leaves an answer under way, or none.
  if (!(error instanceof DatabaseError)) return false;
  if (error.severity === 'FATAL' || error.severity === 'PANIC') return false;
  // The server is a standby now, or the schema has changed under prepared statements: another connection may be better off.
  return !/^(?:08|57P|25006|0A000)/u.test(error.code ?? '');
}

/** What follows a failure in its transaction. */
export function isAftermath(error: unknown): boolean {
  return sqlStateOf(error) === '25P02';
}

function sqlStateOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return /^[0-9A-Z]{5}$/u.test(error.code) ? error.code : undefined;
}

/** A connection that is tried on several addresses fails with an error of its own without a message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  const reason = error instanceof Error ? error.message : String(error);
  return reason === '' ? 'no reason given' : reason;
}
