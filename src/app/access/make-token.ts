/** `replyto token`: a fresh token for its owner, and the entry of it for the file of tokens. */
import { stringify } from 'yaml';
import { ReplytoError, toProblem } from '#core/errors.js';
import { isPrincipalName } from '#schema/auth-tokens.js';
import type { CommandContext } from '../command-context.js';
import { newToken, tokenHash } from './token-table.js';

/**
 * The entry goes to stdout, so that it can be appended to the file; the token goes to stderr, so that it is not.
 *
 * @throws INVALID_ARGUMENT
 */
export async function makeToken({ stdout, stderr }: CommandContext, name: string): Promise<number> {
  if (!isPrincipalName(name)) {
    const allowed = '1-255 characters without control characters and outer spaces';
    throw new ReplytoError('INVALID_ARGUMENT', { problems: [toProblem('name', name, allowed)] });
  }
  const token = newToken();
  await stderr.write(
    `token for its owner, shown this once:\n\n  ${token}\n\nentry for the file of AUTH_TOKENS_FILE:\n\n`,
  );
  await stdout.write(entryText(name, tokenHash(token)));
  return 0;
}

function entryText(name: string, hash: string): string {
  // The whole list at once, because that is how it stands in the file.
  return stringify([{ name, token: hash, queues: ['*'], read: [], replyTo: ['*'], projects: ['*'] }], {
    lineWidth: 0,
  });
}
