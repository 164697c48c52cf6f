/**
 * Looks into the data folder as a start would, and changes nothing that matters: databases are opened only where
 * they exist, and for a moment, in which nobody else can. That a running gateway holds them is as it should be.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { logMigrations } from '#adapters/broker/log-schema.js';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import { storeMigrations } from '#adapters/store/migrations.js';
import { ReplytoError, isReplytoError } from '#core/errors.js';
import type { ErrorCode } from '#core/error-kinds.js';
import type { Finding } from './finding.js';
import { diskRoom, freeInWords, roomObstacle, writeObstacle } from './folder-access.js';

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
  /** Requests that wait for a reply, or to be sent; 0 where it could not be read. */
  readonly openRequests: number;
}

const name = 'data folder';

export async function checkDataFolder({
  folder,
  isEmbedded,
}: DataFolderCheckOptions): Promise<DataFolderCheck> {
  const nothing = { storeId: undefined, isHeld: false, openRequests: 0 };
  const place = nearestFolder(folder);
  const unwritable = writeObstacle(place);
  if (unwritable !== undefined) {
    const says = `${folder} cannot be written: ${unwritable.says}`;
    return { findings: [wrong('STORE_UNAVAILABLE', says, unwritable.remedy)], ...nothing };
  }
  const findings: Finding[] = [];
  const room = await diskRoom(place);
  const tooFull = room === undefined ? undefined : roomObstacle(room, folder);
  if (tooFull !== undefined) findings.push(wrong('STORE_UNAVAILABLE', tooFull.says, tooFull.remedy));
  const store = look(join(folder, 'replyto.db'), storeMigrations.length);
  const broker = isEmbedded
    ? look(join(folder, 'broker.db'), logMigrations.length)
    : { state: 'absent' as const };
  for (const { error } of [store, broker]) if (error !== undefined) findings.push(toFinding(error));
  if (findings.length === 0) {
    const free = room === undefined ? '' : `, ${freeInWords(room.freeBytes)} free`;
    findings.push({ check: name, state: 'ok', says: `${folder} ${inWords[store.state]}${free}` });
  }
  const { id: storeId, openRequests = 0 } = store;
  return { findings, storeId, isHeld: store.state === 'held', openRequests };
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
  readonly openRequests?: number;
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
      return {
        state: 'good',
        id: identity?.['value']?.toString(),
        openRequests: hasMeta ? openRequests(database) : 0,
      };
    } finally {
      database.close();
    }
  } catch (error) {
    if (!isReplytoError(error)) throw error;
    return error.code === 'STORE_LOCKED' ? { state: 'held' } : { state: 'bad', error };
  }
}

function openRequests(database: Database): number {
  const [row] = database.all("SELECT count(*) AS open FROM requests WHERE status IN ('accepted', 'sent')");
  return Number(row?.['open'] ?? 0);
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

/** The folder itself, or the one that is there already, in which the others would be made. */
function nearestFolder(folder: string): string {
  const parent = dirname(folder);
  return existsSync(folder) || parent === folder ? folder : nearestFolder(parent);
}
