/** `Content-Digest` of a call (RFC 9530): of its body as it is sent, packed or not. */
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ReplytoError, toProblem } from '#core/errors.js';

export interface GivenDigest {
  /** Takes the next bytes of the body. */
  update(chunk: Uint8Array): void;
  /** What is wrong when all have come; undefined when they are what the header says. */
  mismatch(): ReplytoError | undefined;
}

const field = 'Content-Digest';

const algorithms: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha-512', 'sha512'],
]);

/** One member of the dictionary, whose parameters say nothing here (RFC 8941, 3.2). */
const member = /^(?<name>[a-z*][\w.*-]*)=:(?<digest>[A-Za-z0-9+/]*={0,2}):(?:\s*;[^,]*)?$/u;

/**
 * Undefined when there is nothing to compare: no header, or no algorithm that is known here.
 *
 * @throws INVALID_REQUEST for what is no such header
 */
export function readContentDigest({ headers }: IncomingMessage): GivenDigest | undefined {
  const given = headers['content-digest']?.toString() ?? '';
  if (given === '') return undefined;
  const wanted = new Map<string, { readonly digest: Buffer; readonly hash: Hash }>();
  for (const text of given.split(',')) {
    const { name, digest } = member.exec(text.trim())?.groups ?? {};
    if (name === undefined || digest === undefined) {
      throw refused(given, 'sha-256=:BASE64: or sha-512=:BASE64:, as RFC 9530 writes it');
    }
    const algorithm = algorithms.get(name);
    // Of two for one algorithm the last counts (RFC 8941, 3.2).
    if (algorithm !== undefined)
      wanted.set(name, { digest: Buffer.from(digest, 'base64'), hash: createHash(algorithm) });
  }
  if (wanted.size === 0) return undefined;
  return {
    update(chunk) {
      for (const { hash } of wanted.values()) hash.update(chunk);
    },
    mismatch() {
      for (const [name, { digest, hash }] of wanted) {
        const found = hash.digest();
        if (!found.equals(digest)) {
          return refused(given, `${name}=:${found.toString('base64')}:, the digest of the body that came`);
        }
      }
      return undefined;
    },
  };
}

function refused(given: string, allowed: string): ReplytoError {
  return new ReplytoError('INVALID_REQUEST', { problems: [toProblem(field, given, allowed)] });
}
