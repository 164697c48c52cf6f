import type { FaultBody } from '../fault.js';
import type { NumberedEvent } from '../status-event.js';
import type {
  IncomingReply,
  NewRequest,
  RequestRecord,
  RequestState,
  StoredReply,
  StoredRequest,
} from '../request.js';
import type { TraceContext } from '../trace-context.js';

/** Who sends it first: `owner` holds the send lease from the moment the record exists. */
export interface AcceptOptions {
  /** The instance that will send it now; null leaves it to whoever claims first. */
  readonly owner: string | null;
  readonly leaseMs: number;
}

export type AcceptOutcome =
  | { readonly kind: 'created'; readonly record: RequestRecord }
  /** The same request was posted before: it is joined, never sent twice. */
  | { readonly kind: 'joined'; readonly record: RequestRecord }
  /** The id is known with other content; `differs` is what is not the same, as far as the store can tell. */
  | { readonly kind: 'mismatch'; readonly differs: readonly RequestContent[] }
  /** The id belongs to a request that the poster may not know of. */
  | { readonly kind: 'taken' };

/** `replyTo`: another queue for the reply, or a reply where none was expected. */
export type RequestContent = 'queue' | 'replyTo' | 'body';

export type SettleOutcome =
  /** The first reply of an open request. */
  | { readonly kind: 'settled'; readonly record: RequestRecord; readonly reply: StoredReply }
  /** The first reply, but after the request had ended. */
  | { readonly kind: 'late'; readonly record: RequestRecord; readonly reply: StoredReply }
  /** Another reply than the first; kept, the first stays the answer. */
  | { readonly kind: 'duplicate'; readonly record: RequestRecord; readonly reply: StoredReply }
  /** The very same reply delivered again; only counted. */
  | { readonly kind: 'repeated'; readonly record: RequestRecord }
  /** As many replies as this way takes are kept already; this one is not. */
  | { readonly kind: 'full'; readonly record: RequestRecord }
  /** Nobody knows the request; kept among the unmatched replies. */
  | { readonly kind: 'unmatched' };

export interface SettleOptions {
  /** From so many replies on, of whatever way, no other one is kept; default: every one is. The first always is. */
  readonly mostReplies?: number;
  /** When the receipt of the request came, by the store's clock, where that is known and not stored yet; default: with the reply. */
  readonly sentAt?: number | undefined;
}

export interface RequestFilter {
  readonly status?: RequestState;
  readonly queue?: string;
  readonly project?: string;
  /** Only the children of this request. */
  readonly parent?: string;
  /** Only what this name posted. */
  readonly postedBy?: string;
  /** Only requests older than this one (exclusive): the cursor of the next page. */
  readonly before?: string;
  readonly limit: number;
}

/** What a sender takes over: so many, of these queues, for so long. */
export interface SendClaim {
  readonly owner: string;
  readonly leaseMs: number;
  readonly limit: number;
  /** No further message once their bodies have so many bytes together; default: no bound. */
  readonly enoughBytes?: number;
  /** Only of this queue. */
  readonly queue?: string;
  /** Not of these queues: they are held back. */
  readonly exceptQueues?: readonly string[];
}

export interface RequestCounts {
  /** Not final. */
  readonly pending: number;
  /** Accepted and not known to be sent. */
  readonly unsent: number;
}

/**
 * The record of every request. Each method is one whole transaction and resolves after its commit;
 * every transition is compare-and-set, so a late or repeated call changes nothing.
 *
 * @throws STORE_UNAVAILABLE from every method when the commit failed; nothing was changed then.
 */
export interface RequestStore {
  /** Step 2 of a request: on disk before anything is sent. */
  accept(request: NewRequest, options: AcceptOptions): Promise<AcceptOutcome>;
  /**
   * The receipt came: `accepted` becomes `sent` (one-way: `completed`); other states stay, and null tells of them.
   *
   * @param at when it came, by the store's clock; default now
   */
  markSent(id: string, at?: number): Promise<RequestRecord | null>;
  /**
   * Gives the send lease back. `written`: the frame may have reached the broker, so the next send is a resend; `error`
   * says why it is not known to be there, for whoever asks what became of the request.
   */
  releaseSend(id: string, owner: string, written: boolean, error?: string): Promise<void>;
  /** Keeps the send lease while a receipt is awaited. */
  renewSend(ids: readonly string[], owner: string, leaseMs: number): Promise<void>;
  /** Takes over requests that nobody is sending, oldest first; raises `resend` where a send may have happened. */
  claimUnsent(claim: SendClaim): Promise<StoredRequest[]>;
  settle(reply: IncomingReply, options?: SettleOptions): Promise<SettleOutcome>;
  /**
   * It cannot be sent: ends an open request as `faulted`, with this Fault as its first reply, and queues
   * that for its Reply-To. Null, and nothing changed, when the request has ended or is unknown.
   */
  giveUpSend(id: string, fault: FaultBody): Promise<Extract<SettleOutcome, { kind: 'settled' }> | null>;
  /**
   * The record after the call; `changed` when this call cancelled it. Null when unknown, or not visible to this name
   * (see `isVisibleTo`); default name null, who may know of all.
   */
  cancel(
    id: string,
    name?: string | null,
  ): Promise<{ readonly record: RequestRecord; readonly changed: boolean } | null>;
  /** Ends requests whose deadline has passed and queues the Fault for their Reply-To. */
  expireDue(limit: number): Promise<RequestRecord[]>;
  find(id: string): Promise<RequestRecord | null>;
  /** The versions of those that are known, so that whoever knows an older one sees that something has changed. */
  versions(ids: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** The trace that came with the first of these requests that is known; null when none is. */
  findTrace(ids: readonly string[]): Promise<TraceContext | null>;
  findReply(id: string, number: number): Promise<StoredReply | null>;
  list(filter: RequestFilter): Promise<RequestRecord[]>;
  counts(): Promise<RequestCounts>;
  /**
   * The same by queue, of those that have any. Looks at so many rows at a time that others have their turn in between: what
   * changes meanwhile may be counted as it was before, as it is now, or not at all.
   */
  countsByQueue(): Promise<ReadonlyMap<string, RequestCounts>>;
  /** Requests that have not ended, by the name that posted them; those of no name are not counted. */
  countsByName(): Promise<ReadonlyMap<string, number>>;
  /** The history of a request behind event `after`, in order. */
  events(id: string, after: number, limit: number): Promise<NumberedEvent[]>;
  /**
   * Removes what is past its retention: ended requests with all that belongs to them, unmatched replies, and what
   * services answered. At most `limit` in all, unless one request to several queues alone is more with its children; returns how
   * many, so `limit` tells that more may wait.
   */
  sweep(limit: number): Promise<number>;
}
