import type { Generated, Selectable } from 'kysely';
import type { Destination } from '#core/destination.js';
import type { LeaseEnd } from '#core/lease.js';
import type { LetterKind } from '#core/ports/dead-letters.js';
import type { IncidentKind } from '#core/ports/request-lives.js';
import type { RequestState } from '#core/request.js';

/**
 * The tables. Bodies and header blocks are BLOBs because a database may cut text at NUL; header blocks hold
 * JSON. Booleans are 0 and 1. Instants are epoch milliseconds of the store's clock. The SQL is in migrations.ts.
 */
export interface Tables {
  readonly meta: MetaTable;
  readonly requests: RequestTable;
  readonly replies: ReplyTable;
  readonly events: EventTable;
  readonly outbox: OutboxTable;
  readonly dead_letters: DeadLetterTable;
  readonly handled: HandledTable;
  readonly leases: LeaseTable;
  readonly outgoing: OutgoingTable;
  readonly project_events: ProjectEventTable;
  readonly projects: ProjectTable;
  readonly project_subjects: ProjectSubjectTable;
  readonly duties: DutyTable;
  readonly instances: InstanceTable;
  readonly incidents: IncidentTable;
  readonly gatherings: GatheringTable;
  readonly gathering_news: GatheringNewsTable;
}

interface MetaTable {
  key: string;
  value: Buffer;
}

export interface RequestTable {
  /** Order of acceptance. */
  seq: Generated<number>;
  id: string;
  queue: string;
  status: RequestState;
  reply_to: string | null;
  one_way: number;
  project: string | null;
  conversation_id: string | null;
  time: number;
  posted_by: string | null;
  /** The instance whose caller posted it. */
  accepted_by: string | null;
  /** JSON {@link HeaderBlock}. */
  headers: Buffer;
  body: Buffer;
  fingerprint: string;
  content_digest: string | null;
  broker_expiry: number;
  created_at: number;
  sent_at: number | null;
  replied_at: number | null;
  expires_at: number | null;
  final_at: number | null;
  /** Instance that is sending it; null = nobody. With a lease in the past a send may have happened. */
  send_owner: string | null;
  send_lease_until: number;
  attempts: number;
  resend: number;
  late: number;
  verified: number | null;
  /** JSON `{ percent, text }`. */
  progress: Buffer | null;
  /** JSON FaultBody. */
  fault: Buffer | null;
  replies: number;
  events: number;
  version: number;
  /** Queues that wait for its reply besides its Reply-To: `pending` rows of {@link OutboxTable}. */
  awaiting: number;
  /** The request to several queues that it is a part of. */
  parent_id: string | null;
  /** Its parts, where it went to several queues; see {@link GatheringTable}. */
  children: number;
}

/** What ends a request to several queues. */
interface GatheringTable {
  id: string;
  /** So many replies are enough. */
  expect: number;
  stall_ms: number | null;
  /** When it ends at the latest. */
  total_at: number | null;
}

/** Something has ended that whoever gathers replies has not looked at. */
interface GatheringNewsTable {
  entry: Generated<number>;
  /** Of the request to several queues. */
  parent_id: string;
  /** From then on it is everybody's task to look. */
  due_at: number;
}

export interface ReplyTable {
  request_seq: number;
  number: number;
  reply_id: string;
  message_id: string;
  time: number;
  headers: Buffer;
  body: Buffer;
  fault: Buffer | null;
  late: number;
  received_at: number;
}

export interface EventTable {
  request_seq: number;
  number: number;
  id: string;
  kind: string;
  time: number;
  /** JSON `{ project, percent, text, data }`. */
  detail: Buffer;
  /** The instance that wrote it; null before there were any. */
  instance: string | null;
}

export interface OutboxTable {
  id: Generated<number>;
  request_seq: number;
  /** 0 = the Fault of an expired request; also of `pending`, whose reply has not come. */
  reply_number: number;
  queue: string;
  /** Empty as long as it is `pending`. */
  message_id: string;
  status: 'pending' | 'waiting' | 'delivered' | 'dead' | 'retried';
  attempts: number;
  next_at: number;
  owner: string | null;
  last_error: Buffer | null;
  created_at: number;
  ended_at: number | null;
  /** The instance that ended it; null before that was kept. */
  ended_by: string | null;
}

export interface DeadLetterTable {
  /** What it is called outside; never given twice. */
  seq: Generated<number>;
  /** Of the entry that came, so that it is kept once. */
  id: string;
  kind: LetterKind;
  queue: string;
  received_at: number;
  message_id: string | null;
  correlation_id: string | null;
  /** Of {@link OutboxTable}, where it is a delivery that was given up. */
  delivery_id: number | null;
  version: Generated<number>;
  edited_at: number | null;
  reason: Buffer;
  /** As they came, JSON. */
  headers: Buffer;
  /** JSON {@link LetterBlock}; null: kept by a version that did not keep it. */
  block: Buffer | null;
  body: Buffer;
}

interface HandledTable {
  queue: string;
  message_id: string;
  deliveries: number;
  /** JSON HeaderBlock of the reply; null while it is being handled. */
  headers: Buffer | null;
  body: Buffer | null;
  updated_at: number;
}

interface LeaseTable {
  id: string;
  queue: string;
  holder: string | null;
  status: 'held' | LeaseEnd;
  message_id: string;
  expires_at: number;
  ended_at: number | null;
  /** Of the reply that ended it. */
  fingerprint: string | null;
  /** SHA-256 of the body: an id alone may be anybody's. */
  digest: Buffer;
  /** JSON MessageBlock; null, as the body, once it has ended. */
  message: Buffer | null;
  body: Buffer | null;
}

interface OutgoingTable {
  id: Generated<number>;
  kind: Destination['kind'];
  queue: string;
  attempts: number;
  next_at: number;
  owner: string | null;
  last_error: Buffer | null;
  created_at: number;
  /** JSON MessageBlock. */
  message: Buffer;
  body: Buffer;
}

export interface ProjectEventTable {
  /** Order in which events came in. */
  entry: Generated<number>;
  project: string;
  id: string;
  /** Null until the sequencer has numbered it. */
  sequence: number | null;
  subject: string;
  /** Whether the subject was known as a request when it came in. */
  is_request: number;
  /** The state that the gateway itself tells of. */
  status: RequestState | null;
  kind: string;
  time: number;
  entered_at: number;
  /** JSON `{ percent, text, data }`. */
  detail: Buffer;
}

interface ProjectTable {
  project: string;
  last: number;
  /** The last event that its topic has got for certain. */
  published: number;
  /** When the last one was numbered. */
  time: number;
  /** Its rows of {@link ProjectSubjectTable}. */
  subjects: number;
}

/** The latest of each subject, kept by the sequencer. */
interface ProjectSubjectTable {
  project: string;
  subject: string;
  kind: string;
  sequence: number;
  time: number;
  percent: number | null;
  /** JSON string. */
  text: Buffer | null;
  status: RequestState | null;
  started_at: number;
  is_request: number;
  is_over: number;
}

/** The gateways that have the store open. */
interface InstanceTable {
  id: string;
  started_at: number;
  version: string;
  /** JSON AgreedSettings. */
  agreed: Buffer;
  lease_until: number;
}

/** What was not as usual with a request, see the port. */
interface IncidentTable {
  id: Generated<number>;
  request_seq: number;
  kind: IncidentKind;
  time: number;
  instance: string | null;
  /** JSON IncidentDetail. */
  detail: Buffer;
}

/** What one instance does for all. */
interface DutyTable {
  duty: string;
  owner: string;
  lease_until: number;
}

export type ProjectEventRow = Selectable<ProjectEventTable>;
export type SubjectRow = Selectable<ProjectSubjectTable>;
export type LeaseRow = Selectable<LeaseTable>;
export type LetterRow = Selectable<DeadLetterTable>;
export type OutboxRow = Selectable<OutboxTable>;
export type OutgoingRow = Selectable<OutgoingTable>;
export type RequestRow = Selectable<RequestTable>;
export type ReplyRow = Selectable<ReplyTable>;
export type EventRow = Selectable<EventTable>;
