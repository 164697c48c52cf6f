/**
 * Who gets the places of a sending connection, which are what may be unconfirmed on it. Over two connections messages arrive in
 * any order: where it counts, a destination has places of one alone at a time.
 */
import type { Shares } from '#core/shares.js';
import { createShares } from '#core/shares.js';
import type { StompConnection } from './stomp-connection.js';

export interface SendPlaces {
  /** Whether the connection may take another send to this destination now. */
  hasRoom(connection: StompConnection, send: PlacedSend): boolean;
  /** Whether it takes no send to any destination now. */
  isFull(connection: StompConnection): boolean;
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
  /** What is sent to one destination stays in order, over whichever connections it goes; default false. */
  readonly keepsOrder?: boolean;
}

/** Where all is that a destination has not confirmed. */
interface Whereabouts {
  readonly connection: StompConnection;
  readonly count: number;
}

export function createSendPlaces(options: SendPlacesOptions): SendPlaces {
  const { maxUnconfirmed, maxUnconfirmedBytes, keepsOrder = false } = options;
  /** They go with their connection. */
  const shares = new WeakMap<StompConnection, Shares>();

  function sharesOf(connection: StompConnection): Shares {
    const known =
      shares.get(connection) ?? createShares({ places: maxUnconfirmed, bytes: maxUnconfirmedBytes });
    shares.set(connection, known);
    return known;
  }

  const whereabouts = new Map<string, Whereabouts>();

  function isElsewhere(destination: string, connection: StompConnection): boolean {
    const known = whereabouts.get(destination);
    return known !== undefined && known.connection !== connection;
  }

  function changeCount(destination: string, connection: StompConnection, by: 1 | -1): void {
    const count = (whereabouts.get(destination)?.count ?? 0) + by;
    if (count === 0) whereabouts.delete(destination);
    else whereabouts.set(destination, { connection, count });
  }

  return {
    hasRoom: (connection, { destination, bytes }) =>
      !connection.isCongested &&
      !(keepsOrder && isElsewhere(destination, connection)) &&
      sharesOf(connection).hasRoom(destination, bytes),
    isFull(connection) {
      const { left, leftBytes } = sharesOf(connection);
      return connection.isCongested || left === 0 || leftBytes === 0;
    },
    take(connection, { destination, bytes }) {
      const leave = sharesOf(connection).take(destination, bytes);
      if (!keepsOrder) return leave;
      changeCount(destination, connection, 1);
      return () => {
        changeCount(destination, connection, -1);
        leave();
      };
    },
  };
}
