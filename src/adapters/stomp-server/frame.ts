/** Versions of the protocol that are spoken here, best first. */
export const stompVersions = ['1.2', '1.1'] as const;

export type StompVersion = (typeof stompVersions)[number];

/** WebSocket sub-protocols that stand for {@link stompVersions}; what an upgrade may agree on. */
export const stompSubProtocols = ['v12.stomp', 'v11.stomp'] as const;

/** Commands a client may send. */
export const clientCommands = [
  'CONNECT',
  'STOMP',
  'SEND',
  'SUBSCRIBE',
  'UNSUBSCRIBE',
  'ACK',
  'NACK',
  'BEGIN',
  'COMMIT',
  'ABORT',
  'DISCONNECT',
] as const;

export type ClientCommand = (typeof clientCommands)[number];

/** Commands a broker may send. */
export const serverCommands = ['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR'] as const;

export type ServerCommand = (typeof serverCommands)[number];

/** One frame of a client, headers unescaped. */
export interface Frame {
  readonly command: ClientCommand;
  /** In the order in which they came; of repeated headers the first (STOMP 1.2, "Repeated Header Entries"). */
  readonly headers: ReadonlyMap<string, string>;
  /** May be a view into the bytes that were received; copy what is kept for long. */
  readonly body: Buffer;
}

export const noBody = Buffer.alloc(0);
