import type { ConnectionOptions as TlsOptions } from 'node:tls';
import type { IStompSocket } from '@stomp/stompjs';
import type { Endpoint } from './broker-url.js';

export interface SocketOptions {
  readonly endpoint: Endpoint;
  /** Certificate authorities, client certificate, and so on for `stomps` and `wss`. */
  readonly tls?: TlsOptions | undefined;
  /** Largest WebSocket message taken, bytes. */
  readonly maxMessageBytes: number;
  /** Puts a text message of a WebSocket right before it is parsed. */
  readonly onText?: (message: Buffer) => Buffer;
}

/** What stompjs speaks over, with what it never asks: whether the network keeps up. */
export interface StompSocket extends IStompSocket {
  /** More waits for the network than should; `onDrain` is called when that is over. */
  readonly isCongested: boolean;
  onDrain: (() => void) | null;
}

/** Why a WebSocket was closed, RFC 6455. */
export const messageTooBig = 1009;

/** Bytes that may wait for the network before a socket is congested. */
export const congestedAtBytes = 256 * 1024;

/** Largest frame taken over WebSocket; TCP has no such limit of its own. */
export const maxMessageBytes = 64 * 1024 * 1024;
