/**
 * Connections that one message has to itself. Sends of others go on while one connection, at most, drains for the next
 * such message: a message that waited for a connection to be idle by chance would wait for ever.
 */
import type { StompConnection } from './stomp-connection.js';

export interface Reservations<T> {
  isFree(connection: StompConnection): boolean;
  /** The connection for this send alone once it has drained; it is the send's own until `release`. */
  connectionFor(send: T, candidates: readonly StompConnection[]): StompConnection | undefined;
  /** The send need not go alone any more, or ended before it went. */
  giveUp(send: T): void;
  release(connection: StompConnection): void;
  /** Nobody waits any more. */
  clear(): void;
}

export function createReservations<T>(): Reservations<T> {
  const reserved = new Set<StompConnection>();
  let next: { readonly send: T; readonly connection: StompConnection } | undefined;

  function clear(): void {
    if (next !== undefined) reserved.delete(next.connection);
    next = undefined;
  }

  function choose(send: T, candidates: readonly StompConnection[]): typeof next {
    const free = candidates.filter((connection) => !reserved.has(connection));
    const [connection] = free.sort((a, b) => a.unconfirmed - b.unconfirmed);
    if (connection === undefined) return undefined;
    reserved.add(connection);
    return { send, connection };
  }

  return {
    isFree: (connection) => !reserved.has(connection),
    connectionFor(send, candidates) {
      if (next?.connection.isOpen() === false) clear();
      next ??= choose(send, candidates);
      if (next?.send !== send) return undefined;
      const { connection } = next;
      if (connection.unconfirmed > 0 || connection.isCongested) return undefined;
      next = undefined;
      return connection;
    },
    giveUp(send) {
      if (next?.send === send) clear();
    },
    release: (connection) => void reserved.delete(connection),
    clear,
  };
}
