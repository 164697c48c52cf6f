/** What a consumer gets of a message, apart from what differs per delivery. */
export interface Payload {
  /** Header lines, encoded as in STOMP 1.2: those of the sender, and those of the dead-letter queue. */
  readonly head: Buffer;
  readonly body: Buffer;
}

/** A message in its place in one queue or one subscription's backlog. */
export interface StoredMessage {
  /** Place in the order of arrival, unique over all backlogs and for ever. */
  readonly position: number;
  /** Makes the `message-id`; the same in every backlog that holds the message. */
  readonly number: number;
  /** Whether it is in the log. */
  readonly persistent: boolean;
  readonly bytes: number;
  /** Absent: on disk only. */
  payload: Payload | undefined;
  /** Bytes of the memory budget that are held for the payload. */
  heldBytes: number;
  /** Whether it was given to a consumer before, or may have been. */
  redelivered: boolean;
  /** How often a consumer rejected it. */
  nacks: number;
}

/** Counted for each message on top of its bytes, so that empty messages are not free. */
const overheadBytes = 256;

export function sizeOf(payload: Payload): number {
  return payload.head.length + payload.body.length + overheadBytes;
}
