/**
 * Who gets the places of a sending connection, which are what may be unconfirmed on it. A full queue confirms nothing,
 * so what was sent to it keeps its places until the deadline of the receipts: a destination that has as much as is
 * left, in number or in bytes, gets no more, and so several full ones still leave places to the others.
 */
import type { StompConnection } from './stomp-connection.js';

export interface SendPlaces {
  /** Whether the connection may take another send to this destination now. */
  hasRoom(connection: StompConnection, send: PlacedSend): boolean;
  /** Takes the place; the returned function gives it back. */
  take(connection: StompConnection, send: PlacedSend): () => void;
}

export interface PlacedSend {
  readonly destination: string;
  readonly bytes: number;
}

export interface SendPlacesOptions {
  /** Sends without a receipt, per connection. */
  readonly maxUnconfirmed: number;
  /** Their bytes, per connection; a message that is larger goes alone. */
  readonly maxUnconfirmedBytes: number;
}

interface Share {
  readonly count: number;
  readonly bytes: number;
}

const none: Share = { count: 0, bytes: 0 };

export function createSendPlaces({ maxUnconfirmed, maxUnconfirmedBytes }: SendPlacesOptions): SendPlaces {
  /** They go with their connection. */
  const taken = new WeakMap<StompConnection, Map<string, Share>>();

  function change(connection: StompConnection, { destination, bytes }: PlacedSend, by: 1 | -1): void {
    const shares = taken.get(connection) ?? new Map<string, Share>();
    taken.set(connection, shares);
    const { count, bytes: before } = shares.get(destination) ?? none;
    if (count + by === 0) shares.delete(destination);
    else shares.set(destination, { count: count + by, bytes: before + by * bytes });
  }

  return {
    hasRoom(connection, { destination, bytes }) {
      if (connection.isCongested) return false;
      const left = maxUnconfirmed - connection.unconfirmed;
      const leftBytes = maxUnconfirmedBytes - connection.unconfirmedBytes;
      if (connection.unconfirmed === 0) return true;
      if (left < 1 || bytes > leftBytes) return false;
      const share = taken.get(connection)?.get(destination) ?? none;
      return share.count <= left && share.bytes <= leftBytes;
    },
    take(connection, send) {
      change(connection, send, 1);
      return () => change(connection, send, -1);
    },
  };
}
