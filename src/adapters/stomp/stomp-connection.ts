import type { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Login } from './connect-headers.js';
import type { DetectedDialect } from './dialects/detect.js';
import type { Dialect } from './dialects/dialect.js';
import type { MessageHandler } from './incoming-frame.js';
import type { OutgoingFrame } from './outgoing-frame.js';
import type { openSocket } from './socket.js';
import type { SocketOptions } from './stomp-socket.js';

export interface ConnectionSettings extends Login {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds until CONNECTED must have come; 10,000. */
  readonly connectTimeoutMs: number;
  /** Milliseconds until a receipt must have come. */
  readonly receiptTimeoutMs: number;
  /** Offered and asked for, both ways; 0 = none. */
  readonly heartbeatMs: number;
  readonly tls?: SocketOptions['tls'] | undefined;
  /** Instead of the one found from the broker's name. */
  readonly dialect?: Dialect | undefined;
  /**
   * What the names of the subscriptions of one connection begin with: letters, digits, hyphens. No stranger may guess it, see
   * frame-reader.ts. Default: drawn by chance.
   */
  readonly newSubscriptionKey?: () => string;
  /** Default {@link openSocket}. */
  readonly openSocket?: typeof openSocket;
}

export interface StompConnection {
  readonly broker: DetectedDialect;
  readonly endpoint: string;
  /** Whether a frame written now reaches the broker; false from the moment it says goodbye. */
  isOpen(): boolean;
  /** Resolves with the broker's receipt; rejects as MessageChannel says. */
  send(frame: OutgoingFrame): Promise<void>;
  /** Resolves with the receipt of SUBSCRIBE. `mode` auto needs no acknowledgement. */
  subscribe(
    address: string,
    subscribe: {
      readonly mode: 'auto' | 'client-individual';
      readonly headers: Readonly<Record<string, string>>;
    },
    onMessage: MessageHandler,
  ): Promise<void>;
  /**
   * Takes nothing more, waits for the receipts that are awaited, then says goodbye and waits for its answer: in all
   * `deadlineMs` at most. Called again, the earlier deadline holds.
   */
  close(deadlineMs: number): Promise<void>;
  /** Ends it at once, for instance because a receipt is missing. */
  terminate(reason: ReplytoError): void;
  /** Resolves, never rejects, when the connection has ended, with why. */
  readonly ended: Promise<ReplytoError>;
  /**
   * Whether it ended by the other side, or the network, without a word on why, or by an ERROR about a message that was not
   * found: one of those that were unconfirmed may be the cause.
   */
  readonly leavesDoubt: boolean;
  /** Receipts awaited; 0 once ended. */
  readonly unconfirmed: number;
  /** When the broker said anything last, monotonic. */
  readonly heardAt: number;
  /** Since when the broker owes something, monotonic: see `owedSince` in overdue.ts; undefined while it owes nothing. */
  readonly owedSince: number | undefined;
  /** The network does not keep up with what was written. */
  readonly isCongested: boolean;
  /** Calls back each time the network keeps up again. */
  onDrain(callback: () => void): void;
}
