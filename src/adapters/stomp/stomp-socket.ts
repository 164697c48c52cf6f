import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { IStompSocket } from '@stomp/stompjs';
import type { Endpoint } from './broker-url.js';

export interface SocketOptions {
  readonly endpoint: Endpoint;
  /** Certificate authorities, client certificate, and so on for `stomps` and `wss`. */
  readonly tls?: TlsOptions | undefined;
  /** Largest WebSocket message taken, bytes; TCP has no such limit of its own. */
  readonly maxMessageBytes: number;
  /** Whether `close` leaves it to the other side to close, for {@link otherClosesWithinMs} at most; asked for then. */
  readonly awaitsClose?: () => boolean;
  /** Puts a text message of a WebSocket right before it is parsed. */
  readonly onText?: (message: Buffer) => Buffer;
  /** What is to be parsed of the bytes that came; absent: they themselves. */
  readonly toPieces?: (bytes: Buffer) => Iterable<Uint8Array>;
}

/** What stompjs speaks over, with what it never asks: whether the network keeps up. */
export interface StompSocket extends IStompSocket {
  /** More waits for the network than should; `onDrain` is called when that is over. */
  readonly isCongested: boolean;
  onDrain: (() => void) | null;
}

/** Milliseconds in which a broker that closes its connections itself has done so, unless it is stuck. */
export const otherClosesWithinMs = 1_000;

/** Why a WebSocket was closed, RFC 6455. */
export const messageTooBig = 1009;

/** Bytes that may wait for the network before a socket is congested. */
export const congestedAtBytes = 256 * 1024;

/** Largest body taken, and largest message of a WebSocket. */
export const maxMessageBytes = 64 * 1024 * 1024;
