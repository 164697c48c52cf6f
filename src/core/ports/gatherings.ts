import type { IncomingReply, NewRequest, RequestRecord, RequestState, StoredReply } from '../request.js';
import type { StatusEvent } from '../status-event.js';
import type { AcceptOptions, AcceptOutcome } from './request-store.js';

/** A request to several queues: a parent, which goes to none itself, and a child for each of them. */
export interface NewGathering {
  /** Its `queue` is a text for people; its `timeoutMs` is when it ends at the latest. */
  readonly parent: NewRequest;
  readonly children: readonly NewChild[];
  /** So many replies end it. */
  readonly expect: number;
  /** So long after the last reply it ends, too; null = it does not. */
  readonly stallMs: number | null;
}

interface NewChild {
  readonly request: NewRequest;
  readonly options: AcceptOptions;
}

export type GatheringOutcome =
  | Exclude<AcceptOutcome, { readonly kind: 'created' }>
  | {
      readonly kind: 'created';
      readonly record: RequestRecord;
      /** In the order in which they were given. */
      readonly children: readonly RequestRecord[];
    };

/** Where the parent and its children stand. */
export interface Gathering {
  readonly record: RequestRecord;
  readonly expect: number;
  readonly stallMs: number | null;
  /** When it ends at the latest; null = never. */
  readonly totalAt: number | null;
  /** In the order in which they were accepted. */
  readonly children: readonly GatheredChild[];
  /** What was known when this was read; see {@link GatheringStep}. */
  readonly news: readonly number[];
}

export interface GatheredChild {
  readonly id: string;
  readonly queue: string;
  readonly status: RequestState;
  readonly repliedAt: number | null;
  readonly expiresAt: number | null;
  /** Of the body of its first reply; null without one. */
  readonly replyBytes: number | null;
}

/** What is to become of an open parent. */
export interface GatheringStep {
  readonly id: string;
  /** These have been looked at. */
  readonly news: readonly number[];
  /** What its history shall tell, once each. */
  readonly told: readonly StatusEvent[];
  readonly then: GatheringEnd | { readonly kind: 'goes-on'; readonly expiresAt: number | null };
}

export type GatheringEnd =
  | { readonly kind: 'replied'; readonly reply: IncomingReply; readonly text: string }
  | { readonly kind: 'expired' };

/** Requests to several queues in the store. Each method is one whole transaction, as those of RequestStore. */
export interface Gatherings {
  /** Parent and children, or nothing. The parent is `sent` at once: what is sent to queues are its children. */
  accept(gathering: NewGathering): Promise<GatheringOutcome>;
  /** Null when this is no parent that is kept. */
  find(id: string): Promise<Gathering | null>;
  /** Parents to be looked at: their time is over, or something has ended and nobody has looked. */
  due(limit: number): Promise<readonly string[]>;
  /** Does this step with a parent that is open, once. Null, and only the news forgotten, when it is not. */
  take(
    step: GatheringStep,
  ): Promise<{ readonly record: RequestRecord; readonly reply: StoredReply | null } | null>;
  /** Forgets news of this parent; default all. */
  forget(id: string, news?: readonly number[]): Promise<void>;
}
