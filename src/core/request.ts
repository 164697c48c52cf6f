import type { FaultBody } from './fault.js';
import type { MessageProperties } from './message.js';

/** Requests in one answer of a list. */
export const longestList = 500;

/**
 * The request as it is kept: accepted → sent → replied | faulted | expired | cancelled | completed.
 * The last five are final; `completed` ends a one-way request after its receipt.
 */
export const requestStates = [
  'accepted',
  'sent',
  'replied',
  'faulted',
  'expired',
  'cancelled',
  'completed',
] as const;
export type RequestState = (typeof requestStates)[number];

const finalStates: ReadonlySet<RequestState> = new Set([
  'replied',
  'faulted',
  'expired',
  'cancelled',
  'completed',
]);

export function isRequestState(text: string): text is RequestState {
  return requestStates.some((state) => state === text);
}

export function isFinal(state: RequestState): boolean {
  return finalStates.has(state);
}

/** What a caller asked for, checked and ready to be stored. */
export interface NewRequest {
  /** The message id; unique in the store, because it is the correlation id on the wire. */
  readonly id: string;
  readonly queue: string;
  /** Queue that shall get the reply too; null when the reply is only waited for. */
  readonly replyTo: string | null;
  /** Sent without a reply address; ends with its receipt. */
  readonly oneWay: boolean;
  /** Epoch milliseconds at the caller. */
  readonly time: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly properties: MessageProperties;
  readonly applicationHeaders: Readonly<Record<string, string>>;
  /** Milliseconds until it expires without a reply; null = never. */
  readonly timeoutMs: number | null;
  /** Digest of what makes two posts with the same id the same request. */
  readonly fingerprint: string;
  /** Broker-side expiry too, if the route asks for it. */
  readonly brokerExpiry: boolean;
  /** The name that posted it; null where nobody has to log in. */
  readonly postedBy: string | null;
}

/**
 * Whether a caller of this name may know of a request that this name posted. Where nobody has to log in (null), everybody
 * may know of everything; what was posted there belongs to no name.
 */
export function isVisibleTo(name: string | null, { postedBy }: Pick<NewRequest, 'postedBy'>): boolean {
  return name === null || postedBy === name;
}

/** The stored request without its body. Instants are epoch milliseconds of the store's clock. */
export interface RequestRecord {
  readonly id: string;
  readonly queue: string;
  readonly status: RequestState;
  readonly replyTo: string | null;
  readonly oneWay: boolean;
  readonly project: string | null;
  readonly conversationId: string | null;
  /** The name that posted it; null where nobody had to log in. */
  readonly postedBy: string | null;
  /** The instance whose caller posted it; null when it is not known. */
  readonly acceptedBy: string | null;
  /** Of a request that went to several queues: this is what went to one of them. */
  readonly parentId: string | null;
  /** Requests whose replies it gathers; 0 = it went to a queue itself. */
  readonly children: number;
  readonly time: number;
  readonly createdAt: number;
  readonly sentAt: number | null;
  readonly repliedAt: number | null;
  readonly expiresAt: number | null;
  /** How often its frame was written, as far as known. */
  readonly attempts: number;
  readonly resend: number;
  /** Whether the first reply came after the request had ended. */
  readonly late: boolean;
  /** Whether the service saw the body that was sent; null when it did not say. */
  readonly verified: boolean | null;
  readonly progress: { readonly percent: number | null; readonly text: string | null } | null;
  readonly fault: FaultBody | null;
  /** Replies kept, the first and its duplicates. */
  readonly replies: number;
  /** Raised by every change; the ETag of the status document. */
  readonly version: number;
}

/** A request with all that its message needs. */
export interface StoredRequest extends RequestRecord {
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly properties: MessageProperties;
  readonly applicationHeaders: Readonly<Record<string, string>>;
  readonly brokerExpiry: boolean;
}

/** A reply as the correlator read it. */
export interface IncomingReply {
  /** The requests it may name, in order: the first that is known counts. At least one. */
  readonly correlationIds: readonly string[];
  /** Recognises the same reply when it is delivered again; see messaging/correlator.ts. */
  readonly replyId: string;
  /** Its own Message-ID where it has one that may be forwarded. */
  readonly messageId: string | null;
  readonly time: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly properties: MessageProperties;
  readonly applicationHeaders: Readonly<Record<string, string>>;
  readonly fault: FaultBody | null;
}

export interface StoredReply {
  readonly requestId: string;
  /** 1 = the first, the answer; 2, ... = kept duplicates. */
  readonly number: number;
  /** Message-ID under which it is served and forwarded; never the request's. */
  readonly messageId: string;
  readonly time: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly properties: MessageProperties;
  readonly applicationHeaders: Readonly<Record<string, string>>;
  readonly fault: FaultBody | null;
  readonly late: boolean;
  readonly receivedAt: number;
}
