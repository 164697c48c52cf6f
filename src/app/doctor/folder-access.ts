/** Whether files can be made in a folder, and what to do when not. */
import { accessSync, constants, rmSync, statSync, writeFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';

export interface Obstacle {
  readonly says: string;
  readonly remedy: string;
}

const another = 'name another folder by --data-dir or DATA_DIR';
const rights = `give this user the right to write there, or ${another}`;
const remedies: Readonly<Record<string, string>> = {
  EROFS: `mount it so that it can be written (a container: without readOnly), or ${another}`,
  ENOSPC: `make room on its disk, or ${another}`,
  EDQUOT: `raise the quota of this user, or ${another}`,
  ENOENT: `nothing can be made there; ${another}`,
  ENOTDIR: `move the file away that has its place, or ${another}`,
  ENAMETOOLONG: `choose a shorter path by --data-dir or DATA_DIR`,
  EMFILE: 'raise the limit of open files (ulimit -n)',
  ENFILE: 'close programs: the machine has no open files left',
  EIO: `have the disk examined; restore a backup on another, and ${another}`,
};

/** More than a page, because a full disk still takes an empty file. */
const probe = Buffer.alloc(8 * 1024);

/** Writes and removes a file: permissions alone do not tell of read-only and full disks. */
export function writeObstacle(
  folder: string,
  write: typeof writeFileSync = writeFileSync,
): Obstacle | undefined {
  const path = join(folder, `.replyto-doctor-${process.pid}`);
  try {
    if (!statSync(folder).isDirectory())
      return { says: `${folder} is no folder`, remedy: remedies['ENOTDIR'] ?? another };
    accessSync(folder, constants.W_OK | constants.X_OK);
    try {
      write(path, probe);
    } finally {
      rmSync(path, { force: true });
    }
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return { says: error instanceof Error ? error.message : String(error), remedy: remedies[code] ?? rights };
  }
}

export interface DiskRoom {
  readonly freeBytes: number;
  /** Files that can still be made; undefined where the file system does not count them. */
  readonly freeFiles: number | undefined;
}

const mebibyte = 1024 * 1024;
/** Below this a start may work, but not for long. */
const leastFreeBytes = 100 * mebibyte;
/** A store makes three files, an embedded broker as many. */
const leastFreeFiles = 100;

export async function diskRoom(folder: string): Promise<DiskRoom | undefined> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(folder);
    return { freeBytes: bavail * bsize, freeFiles: files === 0 ? undefined : ffree };
  } catch {
    return undefined;
  }
}

export function roomObstacle({ freeBytes, freeFiles }: DiskRoom, folder: string): Obstacle | undefined {
  const remedy = `make room before it is full: then calls get 503 and nothing is accepted; or ${another}`;
  if (freeBytes < leastFreeBytes) {
    return { says: `only ${freeInWords(freeBytes)} are free where ${folder} is`, remedy };
  }
  if (freeFiles === undefined || freeFiles >= leastFreeFiles) return undefined;
  return { says: `only ${freeFiles} more files can be made where ${folder} is (inodes)`, remedy };
}

export function freeInWords(bytes: number): string {
  return `${Math.floor(bytes / mebibyte)} MiB`;
}
