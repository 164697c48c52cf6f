import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryFolder {
  readonly path: string;
  /** Removes it with all that is in it; again does nothing. */
  remove(): Promise<void>;
}

/** A process that was just killed may still be writing into it. */
const removal = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 };

/** What nobody has removed yet goes when this process ends. */
const present = new Set<string>();
process.on('exit', () => {
  for (const path of present) rmSync(path, removal);
});

/** Makes an empty folder that the caller removes. */
export async function makeTemporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'replyto-test-'));
  present.add(path);
  return {
    path,
    remove: async () => {
      await rm(path, removal);
      present.delete(path);
    },
  };
}

/**
 * To be called inside `describe`: every test of the suite gets an empty folder of its own, which is
 * removed after it. The returned function gives the path and is for use inside tests and hooks.
 */
export function temporaryFolder(): () => string {
  let folder: TemporaryFolder | undefined;
  beforeEach(async () => {
    folder = await makeTemporaryFolder();
  });
  afterEach(async () => {
    await folder?.remove();
    folder = undefined;
  });
  return () => {
    if (folder === undefined) throw new Error('temporaryFolder() is for tests and their hooks');
    return folder.path;
  };
}
