import type { LogBatch } from './log-batch.js';

/** Something prepared, with the room that it needs taken, that comes true with the commit of a batch. */
export interface Change {
  /** Adds what must be on disk; may be called twice. */
  write(batch: LogBatch): void;
  /** It is committed: for all to see. */
  apply(): void;
  /** It is not: gives back what it had taken. */
  discard(): void;
}

/** Prepares all or none. @throws what a preparation throws; those before it are discarded then. */
export function prepareAll(preparations: Iterable<() => Change>): Change {
  const changes: Change[] = [];
  const discard = (): void => changes.forEach((change) => change.discard());
  try {
    for (const prepare of preparations) changes.push(prepare());
  } catch (error) {
    discard();
    throw error;
  }
  return {
    write: (batch) => changes.forEach((change) => change.write(batch)),
    apply: () => changes.forEach((change) => change.apply()),
    discard,
  };
}
