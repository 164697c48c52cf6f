import type { LeaseEnd } from '../lease.js';
import type { RequestRecord } from '../request.js';
import type { NumberedEvent } from '../status-event.js';
import type { LetterSummary } from './dead-letters.js';
import type { DeliveryRecord } from './outbox.js';

/**
 * What is not as usual with a request, and is kept as it happens; what is as usual stands in its record and its history.
 * `send-failed`: its frame was written and not confirmed, or refused; `sent-again`: somebody had begun to send it before;
 * `forward-*`: of a delivery of its reply; `reply-matched`: somebody named it for an unmatched reply; `letter-*`: what
 * somebody did with a letter of it.
 */
export type IncidentKind =
  | 'send-failed'
  | 'sent-again'
  | 'forward-failed'
  | 'forward-given-up'
  | 'forward-taken-over'
  | 'reply-matched'
  | 'letter-sent-again'
  | 'letter-dropped';

/** Which of them there are depends on the kind. Instants are epoch milliseconds of the store's clock. */
export interface IncidentDetail {
  /** What the broker, or the connection to it, said. */
  readonly error?: string;
  /** The instance that had it before. */
  readonly before?: string;
  /** How often it was sent again by then; of a delivery: how many attempts count. */
  readonly count?: number;
  /** Where the reply was to go; of a letter: where it was meant for. */
  readonly queue?: string;
  /** Which reply; 0 = the Fault of an expired request. */
  readonly reply?: number;
  /** When it is tried again. */
  readonly nextAt?: number;
  /** Number of the letter. */
  readonly letter?: number;
  /** Since when that was kept, and why. */
  readonly keptAt?: number;
  readonly reason?: string;
}

export interface Incident {
  readonly kind: IncidentKind;
  readonly at: number;
  /** Where it happened; null where nobody knows. */
  readonly instance: string | null;
  readonly detail: IncidentDetail;
}

/** Newer ones of the same request push the oldest out. */
export const mostIncidents = 100;

/** An event of the history, and who wrote it. */
export interface LifeEvent extends NumberedEvent {
  readonly instance: string | null;
}

/** A reply without its contents. */
export interface LifeReply {
  readonly number: number;
  readonly messageId: string;
  readonly receivedAt: number;
  readonly late: boolean;
  /** Code of the fault, where it is one. */
  readonly fault: string | null;
  readonly contentType: string | null;
  /** Of its body. */
  readonly bytes: number;
}

export interface LifeDelivery extends DeliveryRecord {
  /** While it waits: when it is tried next, or, while somebody sends it, until when that is nobody else's. */
  readonly nextAt: number | null;
  /** The instance that is sending it. */
  readonly owner: string | null;
  /** The instance that delivered it or gave it up; null where nobody knows. */
  readonly endedBy: string | null;
}

/** That somebody reads, or read, its message over HTTP. */
export interface LifeLease {
  /** Null where nobody has a name. */
  readonly holder: string | null;
  readonly expiresAt: number;
  /** Null: it is held, unless its time is over. */
  readonly end: LeaseEnd | null;
  readonly endedAt: number | null;
}

/** `request`: its own message; `reply`: what came for it; `forward`: its reply on the way to a further queue. */
export type LetterSubject = 'request' | 'reply' | 'forward';

export interface LifeLetter extends LetterSummary {
  readonly about: LetterSubject;
}

/** All that the store knows of what happened to a request. Instants are epoch milliseconds of the store's clock. */
export interface RequestLife {
  readonly record: RequestRecord;
  /** When it ended. */
  readonly endedAt: number | null;
  /** Who sends it, and until when that is nobody else's; an owner without that may have sent it. */
  readonly sending: { readonly owner: string | null; readonly until: number };
  /** In order; the middle of a very long history is left out. */
  readonly events: readonly LifeEvent[];
  readonly eventsLeftOut: number;
  /** In order. */
  readonly incidents: readonly Incident[];
  readonly replies: readonly LifeReply[];
  readonly deliveries: readonly LifeDelivery[];
  readonly leases: readonly LifeLease[];
  /** The newest first. */
  readonly letters: readonly LifeLetter[];
  /** Replies to nobody's request that came since it was accepted, up to {@link mostUnmatched}; 0 once it has a reply. */
  readonly unmatchedSince: number;
}

export const mostUnmatched = 1_000;

/** What people ask of one request. */
export interface RequestLives {
  /** Null when it is unknown. `mostEvents` of its history, at least 2. */
  of(id: string, mostEvents: number): Promise<RequestLife | null>;
}
