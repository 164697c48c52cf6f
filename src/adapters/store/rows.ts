/** Between rows and core types: the only place that knows how a column is encoded. */
import type { FaultBody } from '#core/fault.js';
import { toMessageBlock } from '#core/message.js';
import type { Message, MessageBlock, MessageProperties } from '#core/message.js';
import type { RequestRecord, StoredReply, StoredRequest } from '#core/request.js';
import type { SubjectState } from '#core/ports/event-log.js';
import type { NumberedEvent, SequencedEvent, StatusEventKind } from '#core/status-event.js';
import type { EventRow, ProjectEventRow, ReplyRow, RequestRow, SubjectRow } from './schema.js';

/** What a message carries beside its body. */
export interface HeaderBlock {
  readonly contentType: string | null;
  readonly properties: MessageProperties;
  readonly applicationHeaders: Readonly<Record<string, string>>;
}

/** The columns of a record: all but body and headers. */
export const recordColumns = [
  'seq',
  'id',
  'queue',
  'status',
  'reply_to',
  'one_way',
  'project',
  'conversation_id',
  'posted_by',
  'accepted_by',
  'time',
  'content_digest',
  'created_at',
  'sent_at',
  'replied_at',
  'expires_at',
  'attempts',
  'resend',
  'late',
  'verified',
  'progress',
  'fault',
  'replies',
  'events',
  'version',
  'awaiting',
  'parent_id',
  'children',
] as const satisfies readonly (keyof RequestRow)[];

export type RecordRow = Pick<RequestRow, (typeof recordColumns)[number]>;

/** The same bytes, as a database takes them. */
export function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

export function toBlob(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- what was written by toBlob is read back as it was
export function fromBlob<T>(blob: Buffer): T {
  return JSON.parse(blob.toString('utf8')) as T;
}

export function toHeaderBlob({ contentType, properties, applicationHeaders }: HeaderBlock): Buffer {
  return toBlob({ contentType, properties, applicationHeaders } satisfies HeaderBlock);
}

export function toMessageColumns(message: Message): { message: Buffer; body: Buffer } {
  return { message: toBlob(toMessageBlock(message)), body: toBuffer(message.body) };
}

export function toMessage({ message, body }: { readonly message: Buffer; readonly body: Buffer }): Message {
  return { ...fromBlob<MessageBlock>(message), body };
}

/** What a dead letter says of its message. */
export function deadLetterHeaders(message: Message): Record<string, string> {
  const { contentType, correlationId, replyTo, properties } = message;
  return {
    'Message-ID': message.messageId,
    Time: String(message.time),
    ...(correlationId === null ? {} : { 'correlation-id': correlationId }),
    ...(replyTo === null ? {} : { 'reply-to': replyTo.name }),
    ...(contentType === null ? {} : { 'content-type': contentType }),
    ...(properties.attempt === undefined ? {} : { Attempt: String(properties.attempt) }),
    ...message.applicationHeaders,
  };
}

export function toRecord(row: RecordRow): RequestRecord {
  return {
    id: row.id,
    queue: row.queue,
    status: row.status,
    replyTo: row.reply_to,
    oneWay: row.one_way === 1,
    project: row.project,
    conversationId: row.conversation_id,
    postedBy: row.posted_by,
    acceptedBy: row.accepted_by,
    parentId: row.parent_id,
    children: row.children,
    time: row.time,
    createdAt: row.created_at,
    sentAt: row.sent_at,
    repliedAt: row.replied_at,
    expiresAt: row.expires_at,
    attempts: row.attempts,
    resend: row.resend,
    late: row.late === 1,
    verified: row.verified === null ? null : row.verified === 1,
    progress: row.progress === null ? null : fromBlob<NonNullable<RequestRecord['progress']>>(row.progress),
    fault: row.fault === null ? null : fromBlob<FaultBody>(row.fault),
    replies: row.replies,
    version: row.version,
  };
}

export function toStoredRequest(row: RequestRow): StoredRequest {
  return {
    ...toRecord(row),
    ...fromBlob<HeaderBlock>(row.headers),
    body: row.body,
    brokerExpiry: row.broker_expiry === 1,
  };
}

export function toStoredReply(requestId: string, row: ReplyRow): StoredReply {
  return {
    requestId,
    number: row.number,
    messageId: row.message_id,
    time: row.time,
    ...fromBlob<HeaderBlock>(row.headers),
    body: row.body,
    fault: row.fault === null ? null : fromBlob<FaultBody>(row.fault),
    late: row.late === 1,
    receivedAt: row.received_at,
  };
}

/** The part of an event that has no column of its own. */
export type EventDetail = Pick<NumberedEvent, 'project' | 'percent' | 'text' | 'data'>;

export function toNumberedEvent(subject: string, row: EventRow): NumberedEvent {
  return {
    id: row.id,
    subject,
    kind: row.kind as StatusEventKind,
    time: row.time,
    number: row.number,
    ...fromBlob<EventDetail>(row.detail),
  };
}

export function toEventDetail(blob: Buffer): Omit<EventDetail, 'project'> {
  return fromBlob(blob);
}

/** Of an event that has its number. */
export function toSequencedEvent(row: ProjectEventRow): SequencedEvent {
  return {
    id: row.id,
    project: row.project,
    subject: row.subject,
    kind: row.kind as StatusEventKind,
    time: row.time,
    sequence: row.sequence ?? 0,
    ...toEventDetail(row.detail),
  };
}

export function toSubjectState(row: SubjectRow): SubjectState {
  return {
    subject: row.subject,
    kind: row.kind as StatusEventKind,
    sequence: row.sequence,
    time: row.time,
    percent: row.percent,
    text: row.text === null ? null : fromBlob<string>(row.text),
    status: row.status,
    startedAt: row.started_at,
    isRequest: row.is_request === 1,
    isOver: row.is_over === 1,
  };
}
