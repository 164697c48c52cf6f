import { randomBytes } from 'node:crypto';
import type { StoreContext } from './context.js';

/** Where an instance writes. */
export function checkKeyOf(instance: string | null): string {
  return instance === null ? 'check' : `check ${instance}`;
}

/** A health page may be asked by many; a disk that was written to a second ago tells as much. */
const writeEveryMs = 1_000;
/** Takes as many pages as a request with its indexes: less would find room where no request does. */
const writtenBytes = 32 * 1024;

/**
 * Whether the store takes what it is given. A full disk can still be read, so one row is written in place and
 * committed; whoever asks within a second of that gets the same answer.
 */
export function createStoreCheck({ commits, clock, instance }: StoreContext): () => Promise<void> {
  let answer: Promise<void> | undefined;
  let writtenAt = 0;
  return () => {
    const now = clock.monotonic();
    if (answer !== undefined && now - writtenAt < writeEveryMs) return answer;
    writtenAt = now;
    answer = commits.run(async (tx) => {
      // Random, because SQLite writes no page whose bytes stay the same.
      const value = randomBytes(writtenBytes);
      // A row of its own: instances must not wait for each other here.
      const key = checkKeyOf(instance);
      await tx
        .insertInto('meta')
        .values({ key, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value }))
        .execute();
    });
    return answer;
  };
}
