import type { Destination } from '../destination.js';
import type { Message, MessageBlock } from '../message.js';
import type { IncomingReply } from '../request.js';
import type { SettleOutcome } from './request-store.js';

/** Could not be processed; could not be read; a reply to no request that is known. */
export const letterKinds = ['dead-letter', 'invalid', 'unmatched-reply'] as const;
export type LetterKind = (typeof letterKinds)[number];

/** What goes to the broker when a letter is sent again, with the body of the letter. */
export interface SentAgain {
  readonly destination: Destination;
  readonly message: MessageBlock;
}

/** All that an unmatched reply says but its body. */
type ReplyBlock = Omit<IncomingReply, 'body'>;

/** A message that could not be processed (dead letter) or not be read (invalid message), or a reply to nobody's request. */
export interface DeadLetter {
  /** Unique: the same entry delivered twice is kept once. */
  readonly id: string;
  readonly kind: LetterKind;
  readonly reason: string;
  /** Queue it was meant for or came from; empty for an unmatched reply. */
  readonly queue: string;
  /** As they came. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Absent: nobody can say what would have to be sent, so that it can only be looked at and dropped. */
  readonly again?: SentAgain;
  /** Of an unmatched reply. Absent: it was kept by a version that did not keep all of it. */
  readonly reply?: ReplyBlock;
  /** The delivery of a reply that was given up, see `OutboxDelivery`. */
  readonly deliveryId?: number;
}

/** A letter as it stands in a list. Instants are epoch milliseconds of the store's clock. */
export interface LetterSummary {
  /** Names it for good; a later one has a higher number. */
  readonly number: number;
  readonly kind: LetterKind;
  readonly queue: string;
  readonly reason: string;
  readonly receivedAt: number;
  /** Of the message itself, not of the copy that brought it; null where it has none or nobody knows. */
  readonly messageId: string | null;
  readonly correlationId: string | null;
  /** Bytes of its body. */
  readonly bytes: number;
  /** Whether it says enough to be sent again, or to be matched. */
  readonly isWhole: boolean;
  /** Raised by every change. */
  readonly version: number;
  readonly editedAt: number | null;
}

export interface KeptLetter extends LetterSummary {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly again: SentAgain | null;
  readonly reply: ReplyBlock | null;
}

/** Which letters are meant. */
export interface LetterFilter {
  readonly kinds: readonly LetterKind[];
  readonly queue?: string;
  /** Only what was kept at this instant or before. */
  readonly receivedUntil?: number;
  /** Only letters of queues that it allows; default: of all. */
  readonly allows?: (queue: string) => boolean;
}

export interface LetterPageFilter extends LetterFilter {
  /** Only letters with lower numbers: the cursor of the next page. */
  readonly before?: number;
  readonly limit: number;
}

interface LetterPage {
  /** The newest first; may be fewer than asked for although there are more. */
  readonly letters: readonly LetterSummary[];
  /** `before` of the next page; null: there is none. */
  readonly next: number | null;
}

/** Names one letter. */
export interface LetterKey {
  readonly number: number;
  /** A letter of another kind is none. */
  readonly kinds: readonly LetterKind[];
  /** Only as long as it is as it was in this version; default: whatever it is. */
  readonly version?: number;
}

/** What became of a change of one letter; only `done` has changed anything. */
export type LetterChange =
  | { readonly kind: 'done'; readonly letter: KeptLetter }
  | { readonly kind: 'unknown' }
  /** It is not as it was in the version that was named. */
  | { readonly kind: 'changed' }
  /** It does not say enough for that. */
  | { readonly kind: 'incomplete' };

/** Part of a change of many letters, the oldest first. */
export interface LetterBatch extends LetterFilter {
  /** Only letters with higher numbers. */
  readonly after: number;
  /** The last number that is meant: what is kept later has to wait for the next change. */
  readonly until: number;
  readonly limit: number;
  /** No further letter once their bodies have so many bytes together. */
  readonly enoughBytes: number;
}

export interface LetterBatchOutcome {
  readonly done: number;
  /** Letters that are meant, but do not say enough to be sent again; they stay. */
  readonly skipped: number;
  /** `after` of the next batch; null: there is nothing more. */
  readonly through: number | null;
}

export type MatchOutcome =
  | Exclude<SettleOutcome, { readonly kind: 'unmatched' }>
  | Exclude<LetterChange, { readonly kind: 'done' }>
  | { readonly kind: 'no-request' };

/** Where messages rest that nobody can process, until a person looks. Each method is one whole transaction. */
export interface DeadLetters {
  /** Keeps it; resolves after the commit. False when this id is kept already. */
  keep(letter: DeadLetter): Promise<boolean>;
  count(): Promise<Readonly<Record<LetterKind, number>>>;
  list(filter: LetterPageFilter): Promise<LetterPage>;
  find(key: LetterKey): Promise<KeptLetter | null>;
  /** The number of the newest letter; 0 when there is none. */
  newest(): Promise<number>;
  /** Puts another message in place of the one that would be sent again; where it goes stays as it is. */
  edit(key: LetterKey, edited: Message): Promise<LetterChange>;
  /** Moves it among the outgoing messages (see OutgoingMessages), as a first attempt: it is in one of both places, whatever happens. */
  retry(key: LetterKey): Promise<LetterChange>;
  drop(key: LetterKey): Promise<LetterChange>;
  /** `retry` of several at once. */
  retryBatch(batch: LetterBatch): Promise<LetterBatchOutcome>;
  dropBatch(batch: LetterBatch): Promise<LetterBatchOutcome>;
  /**
   * Settles this request with an unmatched reply, as RequestStore.settle would have done, and removes the letter, in one
   * step. With any outcome that is none of a settled reply nothing is changed.
   */
  match(key: LetterKey, requestId: string): Promise<MatchOutcome>;
}
