import type { AliasedRawBuilder, Kysely, UpdateResult } from 'kysely';
import { sql } from 'kysely';
import type { RequestState } from '#core/request.js';
import { isFinal, requestStates } from '#core/request.js';
import type { PreparedChanges, PreparedQuery, PreparedRows } from './prepared-query.js';
import { prepareChanges, prepareQuery, prepareRows } from './prepared-query.js';
import type { RecordRow } from './rows.js';
import { recordColumns } from './rows.js';
import type {
  EventTable,
  ProjectEventRow,
  ProjectEventTable,
  ReplyTable,
  RequestRow,
  RequestTable,
  Tables,
} from './schema.js';
import type { StoreDialect } from './store-dialects.js';

/** The states that a request may still leave. */
export const openStates = requestStates.filter((state) => !isFinal(state));

/** All columns but the number that the database gives. */
export type NewRequestRow = Omit<RequestTable, 'seq'>;

const requestColumns = [
  ...recordColumns.filter((column) => column !== 'seq'),
  ...([
    'headers',
    'body',
    'fingerprint',
    'broker_expiry',
    'final_at',
    'send_owner',
    'send_lease_until',
  ] as const),
] as const satisfies readonly (keyof NewRequestRow)[];
const eventColumns = [
  ...(['request_seq', 'number', 'id', 'kind', 'time', 'detail', 'instance'] as const),
] as const satisfies readonly (keyof EventTable)[];
const replyColumns = [
  ...(['request_seq', 'number', 'reply_id', 'message_id', 'time', 'headers', 'body', 'fault'] as const),
  ...(['late', 'received_at'] as const),
] as const satisfies readonly (keyof ReplyTable)[];

const firstReplyColumns = [
  ...(['seq', 'status', 'repliedAt', 'verified', 'fault', 'sentAt', 'events'] as const),
] as const satisfies readonly (keyof FirstReply)[];
const sentMarkColumns = ['id', 'at'] as const satisfies readonly (keyof SentMark)[];
const enteringColumns = [
  ...(['project', 'id', 'sequence', 'subject', 'is_request', 'status', 'kind', 'time', 'detail'] as const),
  'now',
] as const satisfies readonly (keyof EnteringEvent)[];

/** What the first replies of several requests change, as a table; names of its own, because both databases want them so. */
function firstRepliesTable(
  rows: readonly FirstReply[],
  { asBytes }: StoreDialect,
): AliasedRawBuilder<object, 'first'> {
  const selects = rows.map(
    ({ seq, status, repliedAt, verified, fault, sentAt, events }) => sql`SELECT
      CAST(${seq} AS BIGINT) AS first_seq, CAST(${status} AS TEXT) AS first_status,
      CAST(${repliedAt} AS BIGINT) AS first_at, CAST(${verified} AS BIGINT) AS first_verified,
      ${asBytes(fault)} AS first_fault, CAST(${sentAt} AS BIGINT) AS first_sent_at,
      CAST(${events} AS BIGINT) AS first_events`,
  );
  return sql<object>`(${sql.join(selects, sql` UNION ALL `)})`.as('first');
}

function sentMarksTable(rows: readonly SentMark[]): AliasedRawBuilder<object, 'mark'> {
  const selects = rows.map(
    ({ id, at }) => sql`SELECT CAST(${id} AS TEXT) AS mark_id, CAST(${at} AS BIGINT) AS mark_at`,
  );
  return sql<object>`(${sql.join(selects, sql` UNION ALL `)})`.as('mark');
}

/** The queries that every request runs; all others are built when they are needed. */
export interface Queries {
  /** Gives back those whose id was not known yet. */
  readonly insertRequests: PreparedRows<NewRequestRow, { id: string; seq: number }>;
  readonly insertEvents: PreparedChanges<EventTable>;
  readonly insertReplies: PreparedChanges<ReplyTable>;
  readonly findRecord: PreparedQuery<{ id: string }, RecordRow>;
  readonly findHeaders: PreparedQuery<{ id: string }, Pick<RequestRow, 'headers'>>;
  /**
   * As they are when nobody else is changing them; nobody else can until the transaction ends. Here and below `ids` is a
   * list of the dialect.
   */
  readonly lockRecords: PreparedQuery<{ ids: unknown }, RecordRow>;
  readonly markSent: PreparedRows<SentMark, RecordRow>;
  /** Of requests that are locked. */
  readonly recordFirstReplies: PreparedChanges<FirstReply>;
  /** Gives back those that were not there yet. */
  readonly insertProjectEvents: PreparedRows<EnteringEvent, { entry: number }>;
  /** What waits for its number, in the order in which it came in. */
  readonly unnumbered: PreparedQuery<{ limit: number }, ProjectEventRow>;
  readonly setSequence: PreparedQuery<{ entry: number; sequence: number }, UpdateResult>;
}

interface EnteringEvent extends Omit<ProjectEventTable, 'entry' | 'entered_at'> {
  /** The event enters now, yet never before another one, whatever the clock does: retention takes the beginning of a log. */
  readonly now: number;
}

/** What the first reply of an open request changes. */
interface FirstReply extends Pick<RecordRow, 'seq' | 'status' | 'verified' | 'fault'> {
  readonly repliedAt: number;
  readonly sentAt: number | null;
  /** Of its history, with what is added now. */
  readonly events: number;
}

/** The receipt of a request, and when it came. */
interface SentMark {
  readonly id: string;
  readonly at: number;
}

export function createQueries(db: Kysely<Tables>, dialect: StoreDialect): Queries {
  return {
    insertRequests: prepareRows(requestColumns, (rows) =>
      db
        .insertInto('requests')
        .values([...rows])
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning(['id', 'seq']),
    ),
    insertEvents: prepareChanges(eventColumns, (rows) => db.insertInto('events').values([...rows])),
    insertReplies: prepareChanges(replyColumns, (rows) => db.insertInto('replies').values([...rows])),
    findRecord: prepareQuery((value) =>
      db.selectFrom('requests').select(recordColumns).where('id', '=', value('id')),
    ),
    findHeaders: prepareQuery((value) =>
      db.selectFrom('requests').select('headers').where('id', '=', value('id')),
    ),
    lockRecords: prepareQuery((value) =>
      db
        .selectFrom('requests')
        .select(recordColumns)
        .where(dialect.isOneOf('id', value('ids')))
        // Every process locks them in this order.
        .orderBy('id')
        .forUpdate(),
    ),
    markSent: prepareRows(sentMarkColumns, (rows) =>
      db
        .updateTable('requests')
        .from(sentMarksTable(rows))
        .set((eb) => ({
          status: sql<RequestState>`CASE one_way WHEN 1 THEN 'completed' ELSE 'sent' END`,
          final_at: sql<number | null>`CASE one_way WHEN 1 THEN mark_at END`,
          sent_at: sql<number>`mark_at`,
          send_owner: null,
          send_lease_until: 0,
          events: eb('events', '+', 1),
          version: eb('version', '+', 1),
        }))
        .where('id', '=', sql<string>`mark_id`)
        .where('status', '=', 'accepted')
        .returning(recordColumns),
    ),
    recordFirstReplies: prepareChanges(firstReplyColumns, (rows) =>
      db
        .updateTable('requests')
        .from(firstRepliesTable(rows, dialect))
        .set((eb) => ({
          status: sql<RequestState>`first_status`,
          replies: eb('replies', '+', 1),
          events: sql<number>`first_events`,
          version: eb('version', '+', 1),
          replied_at: sql<number>`first_at`,
          final_at: sql<number>`first_at`,
          sent_at: sql<number | null>`first_sent_at`,
          verified: sql<number | null>`first_verified`,
          fault: sql<Buffer | null>`first_fault`,
          send_owner: null,
          send_lease_until: 0,
        }))
        .where('seq', '=', sql<number>`first_seq`)
        .where('status', 'in', openStates),
    ),
    insertProjectEvents: prepareRows(enteringColumns, (rows) =>
      db
        .insertInto('project_events')
        .values(
          rows.map(({ now, ...event }) => ({
            ...event,
            entered_at: sql<number>`(SELECT max(latest) FROM (
              SELECT CAST(${now} AS BIGINT) AS latest UNION ALL SELECT max(entered_at) FROM project_events
            ) AS instants)`,
          })),
        )
        .onConflict((conflict) => conflict.columns(['project', 'id']).doNothing())
        .returning('entry'),
    ),
    unnumbered: prepareQuery((value) =>
      db
        .selectFrom('project_events')
        .selectAll()
        .where('sequence', 'is', null)
        .orderBy('entry')
        .limit(value('limit')),
    ),
    setSequence: prepareQuery((value) =>
      db
        .updateTable('project_events')
        .set({ sequence: value('sequence') })
        .where('entry', '=', value('entry')),
    ),
  };
}
