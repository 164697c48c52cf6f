import { statSync } from 'node:fs';
import { ReplytoError } from '#core/errors.js';

/**
 * Whether an open database is still the file that its path names. A file that is removed or replaced goes on taking
 * writes for whoever has it open, and all of them are gone with the next start: better to take none.
 */
export interface FilePresence {
  /** @throws STORE_UNAVAILABLE when the file, or its write-ahead log, was removed or replaced */
  require(): void;
}

export function createFilePresence(path: string): FilePresence {
  const files = [path, `${path}-wal`];
  const known = new Map<string, bigint>();

  function requireFile(file: string): void {
    const inode = statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;
    const before = known.get(file);
    if (before === undefined) {
      // The log is made by the first write.
      if (inode !== undefined) known.set(file, inode);
    } else if (inode !== before) {
      const what = inode === undefined ? 'removed' : 'replaced';
      const detail = `${file} was ${what} while it was in use; nothing is accepted any more: put it back, or start again with a new one`;
      throw new ReplytoError('STORE_UNAVAILABLE', { detail });
    }
  }

  return {
    require() {
      for (const file of files) requireFile(file);
    },
  };
}
