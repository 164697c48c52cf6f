/**
 * The tokens that are known. They are kept as plain SHA-256: a slow hash, as passwords need one, would make every call
 * slow and help nobody, because a token has 256 random bits and cannot be guessed from its hash. Whatever is too short
 * to be such a token is never taken, whatever hash stands in the file.
 *
 * Looking a token up tells nothing by the time it takes: the place in the table is a keyed hash of its hash, whose key
 * nobody else has, and the hash found there is compared in constant time.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Grants, Identity } from '#core/ports/authenticator.js';
import type { AuthTokenEntry } from '#schema/auth-tokens.js';

/** Characters of the shortest token that is taken: 128 bits in hexadecimal digits. */
const leastCharacters = 32;
const prefix = 'sha256:';
const tokenPrefix = 'rt_';
const tokenBytes = 32;

export interface TokenTable {
  identify(token: string): Identity | null;
  /** From now on these count and no others; whoever lost a right, or got one, has to prove itself again. */
  replace(entries: readonly AuthTokenEntry[]): void;
}

/** A fresh random token; whoever has it is believed, so it is shown once. */
export function newToken(): string {
  return `${tokenPrefix}${randomBytes(tokenBytes).toString('base64url')}`;
}

/** As it stands in the file. */
export function tokenHash(token: string): string {
  return `${prefix}${hashOf(token).toString('hex')}`;
}

interface Known {
  readonly hash: Buffer;
  /** To tell whether an entry has changed. */
  readonly facts: string;
  readonly identity: Identity;
  readonly withdraw: () => void;
}

export function createTokenTable(): TokenTable {
  const key = randomBytes(32);
  let table = new Map<string, Known>();
  const placeOf = (hash: Buffer): string => createHmac('sha256', key).update(hash).digest('base64');

  return {
    identify(token) {
      if (token.length < leastCharacters) return null;
      const hash = hashOf(token);
      const known = table.get(placeOf(hash));
      return known !== undefined && timingSafeEqual(known.hash, hash) ? known.identity : null;
    },
    replace(entries) {
      const before = table;
      table = new Map();
      for (const { token, ...grants } of entries) {
        const hash = Buffer.from(token.slice(prefix.length), 'hex');
        const place = placeOf(hash);
        const known = before.get(place);
        const isSame = known?.facts === JSON.stringify(grants);
        table.set(place, isSame ? known : createKnown(hash, grants));
      }
      for (const [place, known] of before) {
        if (table.get(place) !== known) known.withdraw();
      }
    },
  };
}

function createKnown(hash: Buffer, grants: Grants): Known {
  const callbacks = new Set<() => void>();
  let isWithdrawn = false;
  return {
    hash,
    facts: JSON.stringify(grants),
    identity: {
      grants,
      expiresAt: null,
      onWithdrawn(callback) {
        // Whoever asked before it was withdrawn may come to wait for that only now.
        if (isWithdrawn) callback();
        else callbacks.add(callback);
        return () => void callbacks.delete(callback);
      },
    },
    withdraw() {
      isWithdrawn = true;
      for (const callback of [...callbacks]) callback();
      callbacks.clear();
    },
  };
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
