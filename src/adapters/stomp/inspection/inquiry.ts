import type { QueueView } from '#core/ports/queue-inspection.js';
import type { StompConnection } from '../stomp-connection.js';

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
type Ask = (connection: StompConnection, question: Question, tell: Tell) => Promise<void>;

/** How a broker is asked about its queues, or why it cannot be. */
export type Inquiry = { readonly ask: Ask } | { readonly cannot: string };
