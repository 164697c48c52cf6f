import type { QueueView } from '#core/ports/queue-inspection.js';
import type { MessageHandler } from '../incoming-frame.js';
import type { OutgoingFrame } from '../outgoing-frame.js';

/** Of a connection what a question needs; see StompConnection. */
export interface AskedConnection {
  subscribe(
    address: string,
    subscribe: {
      readonly mode: 'auto' | 'client-individual';
      readonly headers: Readonly<Record<string, string>>;
    },
    onMessage: MessageHandler,
  ): Promise<void>;
  send(frame: OutgoingFrame): Promise<void>;
}

export interface Question {
  readonly queue: string;
  /** `correlation-id` of the message that is looked for. */
  readonly messageId: string;
  /** Nobody else's name, for what has to be named. */
  readonly name: string;
}

/** What was found out so far; each call says more. */
export type Tell = (found: Partial<QueueView>) => void;

/**
 * Asks over a connection of its own, which the caller closes. It may end without an answer to everything, and reject with
 * what the broker said; when the connection ends, or time is over, it is left alone.
 */
type Ask = (connection: AskedConnection, question: Question, tell: Tell) => Promise<void>;

/** How a broker is asked about its queues, or why it cannot be. */
export type Inquiry = { readonly ask: Ask } | { readonly cannot: string };
