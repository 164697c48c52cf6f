import { join } from 'node:path';
import { writeTokens } from './access.js';
import type { HttpBench } from './http-bench.js';
import { httpBench } from './http-bench.js';
import type { TemporaryFolder } from './temporary-folder.js';
import { makeTemporaryFolder } from './temporary-folder.js';

/** A bench whose gateway reads a file of tokens. */
export interface LockedBench extends HttpBench {
  /** Where the file of tokens is; for tests and their hooks. */
  readonly tokensFile: string;
}

/** A bench for those with these tokens alone. To be called inside `describe`. @param settings as environment variables */
export function lockedBench(
  entries: () => readonly object[],
  settings: Readonly<Record<string, string>> = {},
): LockedBench {
  let folder: TemporaryFolder | undefined;
  let tokensFile = '';
  before(async () => {
    folder = await makeTemporaryFolder();
    tokensFile = join(folder.path, 'tokens.yaml');
    await writeTokens(tokensFile, entries());
  });
  const bench = httpBench(() => ({ settings: { ...settings, AUTH_TOKENS_FILE: tokensFile } }));
  after(() => folder?.remove());
  return Object.defineProperty(bench, 'tokensFile', { get: () => tokensFile }) as LockedBench;
}
