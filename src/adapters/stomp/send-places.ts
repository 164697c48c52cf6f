/** Who gets the places of a sending connection, which are what may be unconfirmed on it. */
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
}

export function createSendPlaces({ maxUnconfirmed, maxUnconfirmedBytes }: SendPlacesOptions): SendPlaces {
  /** They go with their connection. */
  const shares = new WeakMap<StompConnection, Shares>();

  function sharesOf(connection: StompConnection): Shares {
    const known =
      shares.get(connection) ?? createShares({ places: maxUnconfirmed, bytes: maxUnconfirmedBytes });
    shares.set(connection, known);
    return known;
  }

  return {
    hasRoom: (connection, { destination, bytes }) =>
      !connection.isCongested && sharesOf(connection).hasRoom(destination, bytes),
    isFull(connection) {
      const { left, leftBytes } = sharesOf(connection);
      return connection.isCongested || left === 0 || leftBytes === 0;
    },
    take: (connection, { destination, bytes }) => sharesOf(connection).take(destination, bytes),
  };
}
