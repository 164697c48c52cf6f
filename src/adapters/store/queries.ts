import type { InsertResult, Kysely, UpdateResult } from 'kysely';
import { sql } from 'kysely';
import type { RequestState } from '#core/request.js';
import { isFinal, requestStates } from '#core/request.js';
import type { PreparedQuery } from './prepared-query.js';
import { prepareQuery } from './prepared-query.js';
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

/** The states that a request may still leave. */
export const openStates = requestStates.filter((state) => !isFinal(state));

/** All columns but the number that the database gives. */
type NewRow = Omit<RequestTable, 'seq'>;

/** The queries that every request runs; all others are built when they are needed. */
export interface Queries {
  readonly insertRequest: PreparedQuery<NewRow, { seq: number }>;
  readonly insertEvent: PreparedQuery<EventTable, InsertResult>;
  readonly insertReply: PreparedQuery<ReplyTable, InsertResult>;
  readonly findRecord: PreparedQuery<{ id: string }, RecordRow>;
  readonly findHeaders: PreparedQuery<{ id: string }, Pick<RequestRow, 'headers'>>;
  readonly markSent: PreparedQuery<{ id: string; now: number }, RecordRow>;
  readonly recordFirstReply: PreparedQuery<FirstReply, RecordRow>;
  readonly insertProjectEvent: PreparedQuery<EnteringEvent, { entry: number }>;
  /** What waits for its number, in the order in which it came in. */
  readonly unnumbered: PreparedQuery<{ limit: number }, ProjectEventRow>;
  readonly setSequence: PreparedQuery<{ entry: number; sequence: number }, UpdateResult>;
}

interface EnteringEvent extends Omit<ProjectEventTable, 'entry' | 'entered_at'> {
  /** The event enters now, yet never before another one, whatever the clock does: retention takes the beginning of a log. */
  readonly now: number;
}

/** What the first reply of an open request changes. */
interface FirstReply extends Pick<RecordRow, 'seq' | 'status' | 'replied_at' | 'verified' | 'fault'> {
  /** When it was sent at the latest, for want of a receipt; null = nobody knows. */
  readonly sentAt: number | null;
}

export function createQueries(db: Kysely<Tables>): Queries {
  return {
    insertRequest: prepareQuery((value) =>
      db
        .insertInto('requests')
        .values({
          id: value('id'),
          queue: value('queue'),
          status: value('status'),
          reply_to: value('reply_to'),
          one_way: value('one_way'),
          project: value('project'),
          conversation_id: value('conversation_id'),
          posted_by: value('posted_by'),
          time: value('time'),
          headers: value('headers'),
          body: value('body'),
          fingerprint: value('fingerprint'),
          content_digest: value('content_digest'),
          broker_expiry: value('broker_expiry'),
          created_at: value('created_at'),
          sent_at: value('sent_at'),
          replied_at: value('replied_at'),
          expires_at: value('expires_at'),
          final_at: value('final_at'),
          send_owner: value('send_owner'),
          send_lease_until: value('send_lease_until'),
          attempts: value('attempts'),
          resend: value('resend'),
          late: value('late'),
          verified: value('verified'),
          progress: value('progress'),
          fault: value('fault'),
          replies: value('replies'),
          events: value('events'),
          version: value('version'),
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning('seq'),
    ),
    insertEvent: prepareQuery((value) =>
      db.insertInto('events').values({
        request_seq: value('request_seq'),
        number: value('number'),
        id: value('id'),
        kind: value('kind'),
        time: value('time'),
        detail: value('detail'),
      }),
    ),
    insertReply: prepareQuery((value) =>
      db.insertInto('replies').values({
        request_seq: value('request_seq'),
        number: value('number'),
        reply_id: value('reply_id'),
        message_id: value('message_id'),
        time: value('time'),
        headers: value('headers'),
        body: value('body'),
        fault: value('fault'),
        late: value('late'),
        received_at: value('received_at'),
      }),
    ),
    findRecord: prepareQuery((value) =>
      db.selectFrom('requests').select(recordColumns).where('id', '=', value('id')),
    ),
    findHeaders: prepareQuery((value) =>
      db.selectFrom('requests').select('headers').where('id', '=', value('id')),
    ),
    markSent: prepareQuery((value) =>
      db
        .updateTable('requests')
        .set((eb) => ({
          status: sql<RequestState>`CASE one_way WHEN 1 THEN 'completed' ELSE 'sent' END`,
          final_at: sql<number | null>`CASE one_way WHEN 1 THEN ${value('now')} END`,
          sent_at: value('now'),
          send_owner: null,
          send_lease_until: 0,
          events: eb('events', '+', 1),
          version: eb('version', '+', 1),
        }))
        .where('id', '=', value('id'))
        .where('status', '=', 'accepted')
        .returning(recordColumns),
    ),
    recordFirstReply: prepareQuery((value) =>
      db
        .updateTable('requests')
        .set((eb) => ({
          status: value('status'),
          replies: eb('replies', '+', 1),
          events: eb('events', '+', 1),
          version: eb('version', '+', 1),
          replied_at: value('replied_at'),
          final_at: value('replied_at'),
          sent_at: sql<number | null>`coalesce(sent_at, ${value('sentAt')})`,
          verified: value('verified'),
          fault: value('fault'),
          send_owner: null,
          send_lease_until: 0,
        }))
        .where('seq', '=', value('seq'))
        .where('status', 'in', openStates)
        .returning(recordColumns),
    ),
    insertProjectEvent: prepareQuery((value) =>
      db
        .insertInto('project_events')
        .values({
          project: value('project'),
          id: value('id'),
          sequence: value('sequence'),
          subject: value('subject'),
          is_request: value('is_request'),
          status: value('status'),
          kind: value('kind'),
          time: value('time'),
          entered_at: sql<number>`max(${value('now')}, coalesce((SELECT max(entered_at) FROM project_events), 0))`,
          detail: value('detail'),
        })
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
