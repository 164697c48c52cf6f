/** What the program and its process of clients say to each other. */
import type { Measurement } from './clients/client.js';
import type { RecordedOutcome } from './recorder.js';

export interface Calls {
  /** Starts all clients; to be closed also where it fails. */
  open(measurement: Measurement): Promise<{ readonly addresses: readonly string[] }>;
  /** Waits for the window, then for the last events, at most `giveUpMs` more. */
  measure(options: {
    readonly id: string;
    readonly startsAt: number;
    readonly giveUpMs: number;
  }): Promise<ClientOutcome>;
  /** Stops all clients, and forgets the measurement; nothing when there is none of that id. */
  close(options: { readonly id: string }): Promise<null>;
}

/** Questions and bytes are those within the window. */
export interface ClientOutcome extends Omit<RecordedOutcome, 'delays'> {
  /** An HDR histogram of microseconds, compressed, in base64. */
  readonly delays: string;
  /** Calls, queries or listings that were answered. */
  readonly questions: number;
  readonly wasted: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}
