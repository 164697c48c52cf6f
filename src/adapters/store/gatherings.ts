/**
 * Requests to several queues. Whoever ends a child does not touch its parent, whose row others may have locked together
 * with that of another child: it leaves news, and the parent is looked at in a transaction of its own.
 */
import { sql } from 'kysely';
import type {
  GatheredChild,
  GatheringOutcome,
  GatheringStep,
  Gatherings,
  NewGathering,
} from '#core/ports/gatherings.js';
import type { RequestRecord, StoredReply } from '#core/request.js';
import { isFinal } from '#core/request.js';
import { acceptAll } from './acceptance.js';
import type { StoreContext, Tx } from './context.js';
import { changedMeanwhile } from './context.js';
import { expire } from './ending.js';
import { appendToHistory, recordChanges } from './event-entry.js';
import { endBy } from './first-reply.js';
import type { RecordRow } from './rows.js';
import { recordColumns, toRecord } from './rows.js';

export function createGatherings(context: StoreContext): Gatherings {
  const { db, commits, clock } = context;
  return {
    accept: (gathering) => commits.run((tx) => accept(tx, context, gathering), gathering.parent.id),

    async find(id) {
      // Before all else: what has ended by then is seen.
      const news = await db
        .selectFrom('gathering_news')
        .select('entry')
        .where('parent_id', '=', id)
        .execute();
      const row = await db
        .selectFrom('requests')
        .innerJoin('gatherings', 'gatherings.id', 'requests.id')
        .select(recordColumns.map((column) => `requests.${column}` as const))
        .select(['expect', 'stall_ms', 'total_at'])
        .where('requests.id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return null;
      return {
        record: toRecord(row),
        expect: row.expect,
        stallMs: row.stall_ms,
        totalAt: row.total_at,
        children: await childrenOf(context, id),
        news: news.map(({ entry }) => entry),
      };
    },

    async due(limit) {
      const now = clock.now();
      const told = await db
        .selectFrom('gathering_news')
        .select('parent_id')
        .distinct()
        .where('due_at', '<=', now)
        .limit(limit)
        .execute();
      const over = await db
        .selectFrom('requests')
        .select('id')
        // In these words, which are those of its index.
        .where(sql<boolean>`children > 0`)
        .where('final_at', 'is', null)
        .where('expires_at', '<=', now)
        .orderBy('expires_at')
        .limit(limit)
        .execute();
      const ids = [...told.map(({ parent_id: id }) => id), ...over.map(({ id }) => id)];
      return [...new Set(ids)].slice(0, limit);
    },

    take: (step) => commits.run((tx) => take(tx, context, step), step.id),
    forget: (id, news) => commits.run((tx) => forget(tx, context, id, news), id),
  };
}

async function childrenOf({ db }: StoreContext, id: string): Promise<GatheredChild[]> {
  const rows = await db
    .selectFrom('requests')
    .leftJoin('replies', (join) =>
      join.onRef('replies.request_seq', '=', 'requests.seq').on('replies.number', '=', 1),
    )
    .select(['id', 'queue', 'status', 'replied_at', 'expires_at'])
    .select(sql<number | null>`length(replies.body)`.as('reply_bytes'))
    .where('parent_id', '=', id)
    .orderBy('seq')
    .execute();
  return rows.map((row) => ({
    id: row.id,
    queue: row.queue,
    status: row.status,
    repliedAt: row.replied_at,
    expiresAt: row.expires_at,
    replyBytes: row.reply_bytes,
  }));
}

async function accept(tx: Tx, context: StoreContext, gathering: NewGathering): Promise<GatheringOutcome> {
  const { parent, children, expect, stallMs } = gathering;
  const [outcome] = await acceptAll(tx, context, [{ request: parent, options: { owner: null, leaseMs: 0 } }]);
  if (outcome === undefined) throw changedMeanwhile(parent.id);
  if (outcome.kind !== 'created') return outcome;
  const accepted = await acceptAll(tx, context, children);
  // An id that is new cannot be known.
  if (accepted.some(({ kind }) => kind !== 'created')) throw changedMeanwhile(parent.id);
  const ids = children.map(({ request }) => request.id);
  const rows = await tx
    .updateTable('requests')
    .set({ parent_id: parent.id })
    .where(context.dialect.isOneOf('id', context.dialect.toList(ids)))
    .returning(recordColumns)
    .execute();
  const records = new Map(rows.map((row) => [row.id, toRecord(row)]));
  const { expiresAt } = outcome.record;
  await tx
    .insertInto('gatherings')
    .values({ id: parent.id, expect, stall_ms: stallMs, total_at: expiresAt })
    .execute();
  const record = await scattered(tx, context, parent.id, children.length);
  return { kind: 'created', record, children: ids.flatMap((id) => records.get(id) ?? []) };
}

/** What stays to be sent are its children. */
async function scattered(
  tx: Tx,
  context: StoreContext,
  id: string,
  children: number,
): Promise<RequestRecord> {
  const row = await tx
    .updateTable('requests')
    .set((eb) => ({
      status: 'sent',
      children,
      events: eb('events', '+', 1),
      version: eb('version', '+', 1),
    }))
    .where('id', '=', id)
    .returning(recordColumns)
    .executeTakeFirstOrThrow();
  const text = `scattered: ${children} requests to ${row.queue}`;
  await recordChanges(tx, context, [
    { row, number: row.events, change: 'sent', at: context.clock.now(), text },
  ]);
  return toRecord(row);
}

interface Taken {
  readonly record: RequestRecord;
  readonly reply: StoredReply | null;
}

async function take(
  tx: Tx,
  context: StoreContext,
  { id, news, told, then }: GatheringStep,
): Promise<Taken | null> {
  const { queries, dialect } = context;
  const [parent] = await queries.lockRecords(tx, { ids: dialect.toList([id]) });
  await forget(tx, context, id, news);
  if (parent === undefined || parent.children === 0 || isFinal(parent.status)) return null;
  const row = await appendToHistory(tx, context, parent, await untold(tx, context, parent, told));
  switch (then.kind) {
    case 'replied': {
      const { reply, text } = then;
      return endBy(tx, context, { request: row, reply, provesSend: false, text });
    }
    case 'expired': {
      const [record] = await expire(tx, context, [id], context.clock.now());
      return record === undefined ? null : { record, reply: null };
    }
    case 'goes-on':
      return { record: toRecord(await goOn(tx, row, then.expiresAt)), reply: null };
  }
}

/** Most are told already: one look tells which. */
async function untold(
  tx: Tx,
  { dialect }: StoreContext,
  { seq }: RecordRow,
  events: GatheringStep['told'],
): Promise<GatheringStep['told']> {
  if (events.length === 0) return events;
  const rows = await tx
    .selectFrom('events')
    .select('id')
    .where('request_seq', '=', seq)
    .where(dialect.isOneOf('id', dialect.toList(events.map((event) => event.id))))
    .execute();
  const known = new Set(rows.map((row) => row.id));
  return events.filter((event) => !known.has(event.id));
}

async function goOn(tx: Tx, row: RecordRow, expiresAt: number | null): Promise<RecordRow> {
  if (row.expires_at === expiresAt) return row;
  return tx
    .updateTable('requests')
    .set((eb) => ({ expires_at: expiresAt, version: eb('version', '+', 1) }))
    .where('seq', '=', row.seq)
    .returning(recordColumns)
    .executeTakeFirstOrThrow();
}

async function forget(
  tx: Tx,
  { dialect }: StoreContext,
  id: string,
  news: readonly number[] | undefined,
): Promise<void> {
  if (news?.length === 0) return;
  let forgotten = tx.deleteFrom('gathering_news').where('parent_id', '=', id);
  if (news !== undefined) forgotten = forgotten.where(dialect.isOneOf('entry', dialect.toList(news)));
  await forgotten.execute();
}
