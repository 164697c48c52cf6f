import { rename, writeFile } from 'node:fs/promises';
import { newToken, tokenHash } from '#app/access/token-table.js';

/** Somebody with a token. */
export interface Caller {
  readonly token: string;
  /** As it stands in the file. */
  readonly hash: string;
  readonly headers: { readonly authorization: string };
}

export function newCaller(): Caller {
  const token = newToken();
  return { token, hash: tokenHash(token), headers: { authorization: `Bearer ${token}` } };
}

/** Everything but /broker. */
export const allRights = { queues: ['*'], read: ['*'], replyTo: ['*'], projects: ['*'] };

/** Puts the file in the place of the one before, as an editor does. JSON is YAML too. */
export async function writeTokens(path: string, entries: readonly object[]): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(entries));
  await rename(`${path}.new`, path);
}
