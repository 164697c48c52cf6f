/** Looks into PostgreSQL as a start would, and changes nothing. */
import type { PostgresLook } from '#adapters/store/look-into-postgres.js';
import { lookIntoPostgres } from '#adapters/store/look-into-postgres.js';
import { missingInWords } from '#messaging/role-watch.js';
import { isReplytoError } from '#core/errors.js';
import type { Configuration } from '#schema/configuration.js';
import type { DataFolderCheck } from './data-folder-check.js';
import type { Finding } from './finding.js';

const check = 'database';

/** The same as is found of a data folder. */
export async function checkDatabase(
  { url, poolSize }: Configuration['store'],
  stepMs: number,
): Promise<DataFolderCheck> {
  try {
    const look = await lookIntoPostgres({ url, statementTimeoutMs: stepMs, connectTimeoutMs: stepMs });
    const { storeId, instances, openRequests } = look;
    return {
      findings: [
        inWords(look),
        ...lackOfRoles(look),
        ...noDurability(look),
        ...fewConnections(look, poolSize),
      ],
      storeId,
      // Gateways elsewhere may have it open, and then nothing waits for one here.
      openRequests: instances > 0 ? 0 : openRequests,
      isHeld: false,
    };
  } catch (error) {
    if (!isReplytoError(error)) throw error;
    const remedy =
      error.code === 'STORE_NEWER'
        ? 'use the newer version of replyto again, or an older backup'
        : 'see that the server runs and STORE_URL names it, its database, a user and a password';
    const finding: Finding = { check, state: 'wrong', says: error.message, remedy, code: error.code };
    return { findings: [finding], storeId: undefined, isHeld: false, openRequests: 0 };
  }
}

function inWords({ where, serverVersion, storeId, isOlder, instances, openRequests }: PostgresLook): Finding {
  const server = `${where} (${serverVersion}) answers`;
  if (storeId === undefined)
    return { check, state: 'ok', says: `${server}; the first start makes the tables` };
  const used = instances === 0 ? 'no gateway uses it now' : `${instances} processes use it now`;
  const older = isOlder ? '; the next start brings its tables up to date' : '';
  return { check, state: 'ok', says: `${server}; ${used}, ${openRequests} open requests${older}` };
}

function lackOfRoles({ missingRoles }: PostgresLook): Finding[] {
  if (missingRoles.length === 0) return [];
  return [{ check, state: 'note', says: missingInWords(missingRoles) }];
}

function noDurability({ isDurable }: PostgresLook): Finding[] {
  if (isDurable) return [];
  const says = 'synchronous_commit or fsync is off: what was accepted may be lost when the server fails';
  return [{ check, state: 'note', says }];
}

function fewConnections({ maxConnections, instances }: PostgresLook, poolSize: number): Finding[] {
  const wanted = Math.max(1, instances) * poolSize;
  if (wanted < maxConnections) return [];
  const says = `${Math.max(1, instances)} processes may take ${wanted} connections, and the server allows ${maxConnections}`;
  return [{ check, state: 'note', says }];
}
