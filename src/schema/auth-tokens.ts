/** The file that `authTokensFile` names: who may call, and for what. */
import { z } from 'zod';
import { queuePatternAllowed, queuePatternSchema } from './queue-pattern.js';

const nameAllowed = '1-255 characters without control characters and outer spaces';

/** Also of a JWT: whoever proves it owns what was posted under it. */
export function isPrincipalName(name: unknown): name is string {
  return (
    typeof name === 'string' &&
    name === name.trim() &&
    name.length >= 1 &&
    name.length <= 255 &&
    !/\p{Cc}/u.test(name)
  );
}

/** How many patterns an entry may hold for one right. */
export const mostPatterns = 1000;

const patternsAllowed = `a list of at most ${mostPatterns} patterns, each ${queuePatternAllowed}`;
const patterns = (what: string) =>
  z
    .array(queuePatternSchema, { error: patternsAllowed })
    .max(mostPatterns, { error: patternsAllowed })
    .default([])
    .describe(`${what} Not given: none.`);

const hashAllowed =
  "'sha256:' and 64 hexadecimal digits: the hash of a token that 'replyto token NAME' made, never the token itself";
const listAllowed = 'a list of at most 10000 entries, each with name and token; [] lets nobody in';

const entrySchema = z.strictObject(
  {
    name: z
      .string({ error: nameAllowed })
      .refine(isPrincipalName, { error: nameAllowed })
      .describe('Who calls with the token. Several entries may have the same name.'),
    token: z
      .string({ error: hashAllowed })
      .regex(/^sha256:[0-9a-fA-F]{64}$/u, { error: hashAllowed })
      .describe('`sha256:` and the hash of the token in hexadecimal digits.'),
    queues: patterns('Queues that may be asked and sent to.'),
    read: patterns('Queues that may be read over HTTP.'),
    replyTo: patterns('Queues that `Reply-To` may name.'),
    projects: patterns('Projects that may be named.'),
    broker: z
      .boolean({ error: 'true or false' })
      .default(false)
      .describe('Whether all queues of the embedded broker may be used, over WebSocket at /broker.'),
  },
  { error: 'an entry with name and token' },
);

export const authTokensSchema = z
  .array(entrySchema, { error: listAllowed })
  .max(10_000, { error: listAllowed });

export type AuthTokenEntry = z.output<typeof entrySchema>;
