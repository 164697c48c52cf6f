import type { Expression } from 'kysely';
import { sql } from 'kysely';
import type {
  AcceptOptions,
  AcceptOutcome,
  RequestContent,
  RequestFilter,
  RequestStore,
} from '#core/ports/request-store.js';
import type { NewRequest } from '#core/request.js';
import { isVisibleTo } from '#core/request.js';
import { traceContextOf } from '#core/trace-context.js';
import type { Batch } from '#adapters/sql/group-arrangement.js';
import type { StoreContext, Tx } from './context.js';
import { changedMeanwhile } from './context.js';
import { recordChanges } from './event-entry.js';
import type { NewRequestRow } from './queries.js';
import type { HeaderBlock, RecordRow } from './rows.js';
import { fromBlob, recordColumns, toBuffer, toHeaderBlob, toRecord, toStoredReply } from './rows.js';

type Parts = 'accept' | 'find' | 'findTrace' | 'versions' | 'findReply' | 'list';

/** Taking requests in and reading them back. */
export function createAcceptance(context: StoreContext): Pick<RequestStore, Parts> {
  const { db, commits, queries, dialect } = context;
  const acceptThem: Batch<Tx, Acceptance, AcceptOutcome> = (tx, some) => acceptAll(tx, context, some);
  return {
    accept: (request, options) => commits.runInBatch(acceptThem, { request, options }, request.id),

    async find(id) {
      const [row] = await queries.findRecord(db, { id });
      return row === undefined ? null : toRecord(row);
    },

    async versions(ids) {
      const rows = await db
        .selectFrom('requests')
        .select(['id', 'version'])
        .where(dialect.isOneOf('id', dialect.toList(ids)))
        .execute();
      return new Map(rows.map(({ id, version }) => [id, version]));
    },

    async findTrace(ids) {
      for (const id of ids) {
        const [row] = await queries.findHeaders(db, { id });
        if (row !== undefined) return traceContextOf(fromBlob<HeaderBlock>(row.headers).properties);
      }
      return null;
    },

    async findReply(id, number) {
      const row = await db
        .selectFrom('replies')
        .innerJoin('requests', 'requests.seq', 'replies.request_seq')
        .selectAll('replies')
        .where('requests.id', '=', id)
        .where('replies.number', '=', number)
        .executeTakeFirst();
      return row === undefined ? null : toStoredReply(id, row);
    },

    async list({ status, queue, project, parent, postedBy, before, limit }: RequestFilter) {
      let query = db.selectFrom('requests').select(recordColumns).orderBy('seq', 'desc').limit(limit);
      if (parent !== undefined) query = query.where('parent_id', '=', parent);
      // A column in an expression has no index: a list of one name shall cost what that name posted, not what all did.
      const column = (name: 'status' | 'queue' | 'project'): Expression<string | null> =>
        postedBy === undefined && parent === undefined ? sql.ref(name) : sql`coalesce(${sql.ref(name)}, '')`;
      if (postedBy !== undefined) {
        const posted = parent === undefined ? sql.ref('posted_by') : sql`coalesce(posted_by, '')`;
        query = query.where(posted, '=', postedBy);
      }
      if (status !== undefined) query = query.where(column('status'), '=', status);
      if (queue !== undefined) query = query.where(column('queue'), '=', queue);
      if (project !== undefined) query = query.where(column('project'), '=', project);
      if (before !== undefined) {
        query = query.where('seq', '<', (eb) =>
          eb.selectFrom('requests').select('seq').where('id', '=', before),
        );
      }
      const rows = await query.execute();
      return rows.map(toRecord);
    },
  };
}

export interface Acceptance {
  readonly request: NewRequest;
  readonly options: AcceptOptions;
}

/** Of many equal posts one inserts; the others find its row and join it. */
export async function acceptAll(
  tx: Tx,
  context: StoreContext,
  acceptances: readonly Acceptance[],
): Promise<AcceptOutcome[]> {
  const now = context.clock.now();
  const rows = acceptances.map((acceptance) => toRow(acceptance, now, context.instance));
  const inserted = await context.queries.insertRequests(tx, rows);
  const seqs = new Map(inserted.map(({ id, seq }) => [id, seq]));
  const created = rows.flatMap((row) => {
    const seq = seqs.get(row.id);
    return seq === undefined ? [] : [{ ...row, seq }];
  });
  await recordChanges(
    tx,
    context,
    created.map((row) => ({ row, number: 1, change: 'accepted', at: now })),
  );
  const records = new Map(created.map((row) => [row.id, toRecord(row)]));
  const outcomes: AcceptOutcome[] = [];
  for (const acceptance of acceptances) {
    const record = records.get(acceptance.request.id);
    outcomes.push(record === undefined ? await join(tx, acceptance.request) : { kind: 'created', record });
  }
  return outcomes;
}

function toRow(
  { request, options: { owner, leaseMs } }: Acceptance,
  now: number,
  instance: string | null,
): NewRequestRow {
  return {
    id: request.id,
    ...contentOf(request),
    status: 'accepted',
    project: request.properties.project ?? null,
    conversation_id: request.properties.conversationId ?? null,
    posted_by: request.postedBy,
    accepted_by: instance,
    time: request.time,
    created_at: now,
    sent_at: null,
    replied_at: null,
    expires_at: request.timeoutMs === null ? null : now + request.timeoutMs,
    attempts: owner === null ? 0 : 1,
    resend: 0,
    late: 0,
    verified: null,
    progress: null,
    fault: null,
    replies: 0,
    events: 1,
    version: 1,
    awaiting: 0,
    parent_id: null,
    children: 0,
    headers: toHeaderBlob(request),
    body: toBuffer(request.body),
    fingerprint: request.fingerprint,
    broker_expiry: Number(request.brokerExpiry),
    final_at: null,
    send_owner: owner,
    send_lease_until: owner === null ? 0 : now + leaseMs,
  };
}

async function join(tx: Tx, request: NewRequest): Promise<AcceptOutcome> {
  const known = await tx
    .selectFrom('requests')
    .select([...recordColumns, 'fingerprint'])
    .where('id', '=', request.id)
    .executeTakeFirst();
  // Removed by its age since the insert met it.
  if (known === undefined) throw changedMeanwhile(request.id);
  const record = toRecord(known);
  // Before anything is compared: another name learns nothing of what differs.
  if (!isVisibleTo(request.postedBy, record)) return { kind: 'taken' };
  return known.fingerprint === request.fingerprint
    ? { kind: 'joined', record }
    : { kind: 'mismatch', differs: differences(known, contentOf(request)) };
}

type Content = Pick<RecordRow, 'queue' | 'reply_to' | 'one_way' | 'content_digest'>;

function contentOf({ queue, replyTo, oneWay, properties }: NewRequest): Content {
  return {
    queue,
    reply_to: replyTo,
    one_way: Number(oneWay),
    content_digest: properties.contentDigest ?? null,
  };
}

function differences(known: Content, given: Content): RequestContent[] {
  const differs: RequestContent[] = [];
  if (known.queue !== given.queue) differs.push('queue');
  if (known.reply_to !== given.reply_to || known.one_way !== given.one_way) differs.push('replyTo');
  if (known.content_digest !== given.content_digest) differs.push('body');
  return differs;
}
