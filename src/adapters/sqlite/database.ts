import { statSync } from 'node:fs';
import Libsql from 'libsql';
import { ReplytoError, isReplytoError } from '#core/errors.js';
import { createFilePresence } from './file-presence.js';

/** What may be bound: libsql aborts the process on a boolean and cuts text at NUL, so both are handled here. */
export type SqlValue = string | number | bigint | boolean | Uint8Array | null | undefined;
type SqlRow = Record<string, string | number | null | Buffer>;

interface RunResult {
  readonly changes: number;
  readonly lastInsertRowid: number;
}

/** One open SQLite file: the only place that touches libsql. Synchronous, as libsql is. */
export interface Database {
  run(sql: string, values?: readonly SqlValue[]): RunResult;
  all(sql: string, values?: readonly SqlValue[]): SqlRow[];
  /** Statements without values, also several at once. */
  exec(sql: string): void;
  /** Commits when `work` returns; when it or the commit throws, takes everything back and throws the same. */
  transaction<T>(work: () => T): T;
  /** Takes the open transaction back; nothing when SQLite has done so by itself, as it does on a full disk. */
  rollback(): void;
  close(): void;
}

export interface OpenDatabaseOptions {
  /** A path, or `:memory:`. */
  readonly path: string;
  /** Milliseconds to wait for a lock that another process holds; 0 = fail at once. */
  readonly busyTimeoutMs?: number;
}

/** Statements kept prepared; an IN list of each length is a statement of its own. */
const cachedStatements = 500;

/**
 * Opens the file for this process alone (`locking_mode=EXCLUSIVE`), with a write-ahead log that is
 * synced at every commit: what a transaction resolved for survives kill -9 and power loss.
 *
 * @throws STORE_LOCKED, STORE_CORRUPT, STORE_UNAVAILABLE
 */
export function openDatabase(options: OpenDatabaseOptions): Database {
  const handle = translated(options.path, () => new Libsql(options.path));
  const statements = new Map<string, Libsql.Statement>();
  const presence = options.path === ':memory:' ? undefined : createFilePresence(options.path);

  /** Before each transaction: what it writes is to be there after the next start. */
  function requireFile(): void {
    if (!handle.inTransaction) presence?.require();
  }

  function prepare(sql: string): Libsql.Statement {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = handle.prepare(sql);
    if (statements.size >= cachedStatements) {
      const [oldest] = statements.keys();
      if (oldest !== undefined) statements.delete(oldest);
    }
    statements.set(sql, statement);
    return statement;
  }

  const database: Database = {
    run: (sql, values = []) =>
      translated(options.path, () => {
        requireFile();
        const { changes, lastInsertRowid } = prepare(sql).run(values.map(toBound));
        return { changes, lastInsertRowid: Number(lastInsertRowid) };
      }),
    all: (sql, values = []) =>
      translated(options.path, () => (prepare(sql).all(values.map(toBound)) as SqlRow[]).map(fromRow)),
    exec: (sql) => {
      translated(options.path, () => {
        requireFile();
        handle.exec(sql);
      });
    },
    transaction: (work) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        database.exec('COMMIT');
        return result;
      } catch (error) {
        database.rollback();
        throw error;
      }
    },
    rollback: () => {
      if (handle.inTransaction) database.exec('ROLLBACK');
    },
    close: () => {
      statements.clear();
      try {
        letGo(handle);
      } catch {
        // The disk is full or the file is gone: the lock then ends with the process.
      }
      handle.close();
    },
  };

  try {
    database.exec(`PRAGMA busy_timeout=${options.busyTimeoutMs ?? 0}`);
    database.exec('PRAGMA locking_mode=EXCLUSIVE');
    database.exec('PRAGMA journal_mode=WAL');
    database.exec('PRAGMA synchronous=FULL');
    database.exec('PRAGMA foreign_keys=ON');
    // EXCLUSIVE takes the lock with the first write, not when it is set.
    database.exec('BEGIN IMMEDIATE; COMMIT');
    if (isQuicklyChecked(options.path)) checkIntegrity(database, options.path);
  } catch (error) {
    handle.close();
    throw error;
  }
  return database;
}

/**
 * libsql finalises statements when they are collected, and SQLite keeps a closed file locked until then. In WAL
 * mode the exclusive lock cannot be given up, so that mode is left first.
 */
function letGo(handle: Libsql.Database): void {
  handle.exec('PRAGMA journal_mode=DELETE; PRAGMA locking_mode=NORMAL');
  handle.exec('SELECT count(*) FROM sqlite_schema');
}

/** The check reads the whole file: beyond this it would keep a restart waiting for seconds. */
const largestCheckedBytes = 256 * 1024 * 1024;

function isQuicklyChecked(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) <= largestCheckedBytes;
}

/** A damaged file is found at the start, not by the first request that reads the damaged page. */
function checkIntegrity(database: Database, path: string): void {
  const [row] = database.all('PRAGMA quick_check(1)');
  const verdict = row === undefined ? 'no answer' : String(Object.values(row)[0]);
  if (verdict !== 'ok') throw corrupt(path, verdict);
}

function toBound(value: SqlValue): string | number | bigint | Buffer | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    if (value.includes('\0')) {
      throw new ReplytoError('INTERNAL', { detail: 'text with NUL must be stored as a BLOB' });
    }
    return value;
  }
  if (value instanceof Uint8Array) {
    return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return value;
}

function fromRow(row: SqlRow): SqlRow {
  for (const [name, value] of Object.entries(row as Record<string, unknown>)) {
    if (value instanceof ArrayBuffer) row[name] = Buffer.from(value);
  }
  return row;
}

function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toStoreError(path, error);
  }
}

function corrupt(path: string, cause: unknown): ReplytoError {
  return new ReplytoError('STORE_CORRUPT', {
    detail: `${path} is damaged or is no SQLite database: move it away (and its -wal file) or restore a backup`,
    cause,
  });
}

function toStoreError(path: string, error: unknown): ReplytoError {
  if (isReplytoError(error)) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new ReplytoError('STORE_LOCKED', {
      detail: `${path} is in use by another process: stop it, or give this one its own data folder`,
      cause: error,
    });
  }
  if (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')) return corrupt(path, error);
  const reason = error instanceof Error ? error.message : String(error);
  return new ReplytoError('STORE_UNAVAILABLE', { detail: `${path}: ${reason}`, cause: error });
}
