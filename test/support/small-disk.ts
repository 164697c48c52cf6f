/** A file system that is soon full, as a disk is: writing to it fails with ENOSPC. */
import { execFileSync } from 'node:child_process';
import { readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryFolder } from './temporary-folder.js';

export interface SmallDisk {
  readonly path: string;
  /** Takes all of its space that is free; `free` gives it back. */
  fill(): void;
  free(): Promise<void>;
  remove(): Promise<void>;
}

/** @returns why there is none, in words, where the tests may not mount */
export async function mountSmallDisk(
  megabytes: number,
): Promise<SmallDisk | { readonly unavailable: string }> {
  const folder = await makeTemporaryFolder();
  const { path } = folder;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'replyto-test', path], {
      stdio: 'pipe',
    });
  } catch (error) {
    await folder.remove();
    const reason = error instanceof Error ? (error.message.split('\n').at(-1) ?? '') : String(error);
    return { unavailable: `a small disk cannot be mounted: ${reason}` };
  }
  // Whatever still uses it, and however this process ends.
  const unmount = (): void => void execFileSync('umount', ['--lazy', path]);
  process.on('exit', unmount);
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      // Somebody else may free or take some meanwhile.
      for (let part = 0; ; part += 1) {
        const { bavail, bsize } = statfsSync(path);
        if (bavail === 0) return;
        try {
          writeFileSync(`${filler}-${part}`, Buffer.alloc(bavail * bsize));
        } catch {
          return;
        }
      }
    },
    async free() {
      const parts = readdirSync(path).filter((name) => name.startsWith('filler'));
      await Promise.all(parts.map((name) => rm(join(path, name))));
    },
    async remove() {
      process.off('exit', unmount);
      unmount();
      await folder.remove();
    },
  };
}
