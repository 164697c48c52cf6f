/**
 * Looks into the data folder as a start would, and changes nothing that matters: databases are opened only where
 * they exist, and for a moment, in which nobody else can. That a running gateway holds them is as it should be.
 */
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { logMigrations } from '#adapters/broker/log-schema.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { storeMigrations } from '#adapters/store/migrations.js';
import { ReplytoError, isReplytoError } from '#core/errors.js';
import type { ErrorCode } from '#core/error-kinds.js';
import type { Finding } from './finding.js';

export interface DataFolderCheckOptions {
  readonly folder: string;
  /** Whether the broker's file is there too. */
  readonly isEmbedded: boolean;
}

export interface DataFolderCheck {
  readonly findings: readonly Finding[];
  /** Identity of the store; undefined when it is held by a running gateway, or not made yet. */
  readonly storeId: string | undefined;
  /** A running process holds the store. */
  readonly isHeld: boolean;
}

const name = 'data folder';
const mebibyte = 1024 * 1024;
/** Below this a start may work, but not for long. */
const leastFreeBytes = 100 * mebibyte;

export async function checkDataFolder({
  folder,
  isEmbedded,
}: DataFolderCheckOptions): Promise<DataFolderCheck> {
  const nothing = { storeId: undefined, isHeld: false };
  const place = existsSync(folder) ? folder : nearestFolder(folder);
  const unwritable = writeProblem(place);
  if (unwritable !== undefined) {
    const says = `${folder} cannot be written: ${unwritable}`;
    const remedy =
      'give this user the right to write there, or name another folder by --data-dir or DATA_DIR';
    return { findings: [wrong('STORE_UNAVAILABLE', says, remedy)], ...nothing };
  }
  const findings: Finding[] = [];
  const free = await freeBytes(place);
  if (free !== undefined && free < leastFreeBytes) {
    const says = `only ${Math.floor(free / mebibyte)} MiB are free where ${folder} is`;
    findings.push(
      wrong('STORE_UNAVAILABLE', says, 'make room, or name another folder by --data-dir or DATA_DIR'),
    );
  }
  const store = look(join(folder, 'replyto.db'), storeMigrations.length);
  const broker = isEmbedded
    ? look(join(folder, 'broker.db'), logMigrations.length)
    : { state: 'absent' as const };
  for (const { error } of [store, broker]) if (error !== undefined) findings.push(toFinding(error));
  if (findings.length === 0) {
    const room = free === undefined ? '' : `, ${Math.floor(free / mebibyte)} MiB free`;
    findings.push({ check: name, state: 'ok', says: `${folder} ${inWords[store.state]}${room}` });
  }
  return { findings, storeId: store.id, isHeld: store.state === 'held' };
}

const inWords: Readonly<Record<Look['state'], string>> = {
  absent: 'can be written; the first start makes the store',
  held: 'is in use by a running gateway, as it should be',
  good: 'can be written, and its store is sound',
  bad: 'has a store that cannot be used',
};

interface Look {
  readonly state: 'absent' | 'held' | 'good' | 'bad';
  readonly id?: string | undefined;
  readonly error?: ReplytoError;
}

function look(path: string, knownSchema: number): Look {
  if (!existsSync(path)) return { state: 'absent' };
  try {
    const database = openDatabase({ path });
    try {
      const [row] = database.all('PRAGMA user_version');
      const schema = Number(row?.['user_version']);
      if (schema > knownSchema) {
        const detail = `${path} has schema ${schema}, this version knows ${knownSchema}`;
        return { state: 'bad', error: new ReplytoError('STORE_NEWER', { detail }) };
      }
      const hasMeta = database.all("SELECT 1 FROM sqlite_schema WHERE name = 'meta'").length > 0;
      const [identity] = hasMeta ? database.all("SELECT value FROM meta WHERE key = 'id'") : [];
      return { state: 'good', id: identity?.['value']?.toString() };
    } finally {
      database.close();
    }
  } catch (error) {
    if (!isReplytoError(error)) throw error;
    return error.code === 'STORE_LOCKED' ? { state: 'held' } : { state: 'bad', error };
  }
}

const remedies: Partial<Record<ErrorCode, string>> = {
  STORE_CORRUPT:
    'restore a backup, or move the file away together with its -wal file: then a new one is made',
  STORE_NEWER: 'use the newer version of replyto again, or an older backup',
};

function toFinding(error: ReplytoError): Finding {
  const remedy = remedies[error.code] ?? 'see that the disk works and this user may read and write the file';
  return wrong(error.code, error.message, remedy);
}

function wrong(code: ErrorCode, says: string, remedy: string): Finding {
  return { check: name, state: 'wrong', says, remedy, code };
}

/** The folder that is there already, in which the others would be made. */
function nearestFolder(folder: string): string {
  const parent = dirname(folder);
  return existsSync(folder) || parent === folder ? folder : nearestFolder(parent);
}

/** Writes and removes a file: permissions alone do not tell of read-only disks. */
function writeProblem(folder: string): string | undefined {
  const probe = join(folder, `.replyto-doctor-${process.pid}`);
  try {
    if (!statSync(folder).isDirectory()) return `${folder} is no folder`;
    accessSync(folder, constants.W_OK | constants.X_OK);
    writeFileSync(probe, '');
    rmSync(probe);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function freeBytes(folder: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
