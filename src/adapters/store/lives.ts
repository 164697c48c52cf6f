/** All that the store knows of one request, as people ask for it: many small reads, none of which anything waits for. */
import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { isFinal } from '#core/request.js';
import type {
  Incident,
  LetterSubject,
  LifeDelivery,
  LifeEvent,
  LifeLease,
  LifeLetter,
  LifeReply,
  RequestLives,
} from '#core/ports/request-lives.js';
import { mostUnmatched } from '#core/ports/request-lives.js';
import type { StoreContext } from './context.js';
import { deliveriesOf } from './deliveries.js';
import { bytesOfBody, isWholeColumn, summaryColumns, toSummary } from './letter-rows.js';
import type { HeaderBlock, RecordRow } from './rows.js';
import { fromBlob, recordColumns, toNumberedEvent, toRecord } from './rows.js';
import type { Tables } from './schema.js';

type Db = Kysely<Tables>;

/** Of a very long history the beginning tells how it was sent, and the end how it stands. */
const shareOfBeginning = 0.1;
/** Further replies are counted by the record. */
const mostReplies = 100;
const mostLetters = 20;

export function createLives({ db }: StoreContext): RequestLives {
  return {
    async of(id, mostEvents) {
      const row = await db
        .selectFrom('requests')
        .select([...recordColumns, 'final_at', 'send_owner', 'send_lease_until'])
        .where('id', '=', id)
        .executeTakeFirst();
      if (row === undefined) return null;
      const events = await eventsOf(db, row, mostEvents);
      return {
        record: toRecord(row),
        endedAt: row.final_at,
        sending: { owner: row.send_owner, until: row.send_lease_until },
        events,
        eventsLeftOut: Math.max(0, row.events - events.length),
        incidents: await incidentsOf(db, row),
        replies: await repliesOf(db, row),
        deliveries: await lifeDeliveries(db, row),
        leases: await leasesOf(db, row),
        letters: await lettersOf(db, row),
        unmatchedSince: await unmatchedSince(db, row),
      };
    },
  };
}

async function eventsOf(db: Db, { seq, id, events: count }: RecordRow, most: number): Promise<LifeEvent[]> {
  const beginning = count <= most ? most : Math.max(1, Math.floor(most * shareOfBeginning));
  const ofRequest = db.selectFrom('events').selectAll().where('request_seq', '=', seq);
  const first = await ofRequest.orderBy('number').limit(beginning).execute();
  const last =
    count <= most
      ? []
      : await ofRequest
          .where('number', '>', first.at(-1)?.number ?? 0)
          .orderBy('number', 'desc')
          .limit(most - beginning)
          .execute();
  return [...first, ...last.reverse()].map((row) => ({
    ...toNumberedEvent(id, row),
    instance: row.instance,
  }));
}

async function incidentsOf(db: Db, { seq }: RecordRow): Promise<Incident[]> {
  const rows = await db
    .selectFrom('incidents')
    .selectAll()
    .where('request_seq', '=', seq)
    .orderBy('id')
    .execute();
  return rows.map(({ kind, time, instance, detail }) => ({
    ...{ kind, at: time, instance },
    detail: fromBlob<Incident['detail']>(detail),
  }));
}

async function repliesOf(db: Db, { seq }: RecordRow): Promise<LifeReply[]> {
  const rows = await db
    .selectFrom('replies')
    .select(['number', 'message_id', 'late', 'received_at', 'fault', 'headers'])
    .select(bytesOfBody)
    .where('request_seq', '=', seq)
    .orderBy('number')
    .limit(mostReplies)
    .execute();
  return rows.map((row) => ({
    number: row.number,
    messageId: row.message_id,
    receivedAt: row.received_at,
    late: row.late === 1,
    fault: row.fault === null ? null : fromBlob<{ readonly code: string }>(row.fault).code,
    contentType: fromBlob<HeaderBlock>(row.headers).contentType,
    bytes: row.bytes,
  }));
}

async function lifeDeliveries(db: Db, request: RecordRow): Promise<LifeDelivery[]> {
  return (await deliveriesOf(db, request)).map(({ delivery, row }) => ({
    ...delivery,
    nextAt: row?.status === 'waiting' ? row.next_at : null,
    owner: row?.owner ?? null,
    endedBy: row?.ended_by ?? null,
  }));
}

async function leasesOf(db: Db, { queue, id }: RecordRow): Promise<LifeLease[]> {
  const rows = await db
    .selectFrom('leases')
    .select(['holder', 'status', 'expires_at', 'ended_at'])
    .where('queue', '=', queue)
    .where('message_id', '=', id)
    .orderBy('expires_at')
    .limit(mostReplies)
    .execute();
  return rows.map((row) => ({
    holder: row.holder,
    expiresAt: row.expires_at,
    end: row.status === 'held' ? null : row.status,
    endedAt: row.ended_at,
  }));
}

/** What came under its id, or names it. The conditions are those of the indexes, word for word. */
async function lettersOf(db: Db, { id }: RecordRow): Promise<LifeLetter[]> {
  const letters = db
    .selectFrom('dead_letters')
    .select(summaryColumns)
    .select([bytesOfBody, isWholeColumn])
    .orderBy('seq', 'desc')
    .limit(mostLetters);
  const own = await letters
    .where(sql<boolean>`length(message_id) <= 255`)
    .where('message_id', '=', id)
    .execute();
  const naming = await letters
    .where(sql<boolean>`length(correlation_id) <= 255`)
    .where('correlation_id', '=', id)
    .execute();
  const about = (letter: (typeof own)[number]): LetterSubject => {
    if (letter.message_id === id) return 'request';
    return letter.kind === 'dead-letter' ? 'forward' : 'reply';
  };
  const found = new Map([...own, ...naming].map((row) => [row.seq, row]));
  return [...found.values()]
    .sort((a, b) => b.seq - a.seq)
    .map((row) => ({ ...toSummary(row), about: about(row) }));
}

async function unmatchedSince(db: Db, { status, created_at: since }: RecordRow): Promise<number> {
  if (isFinal(status) && status !== 'expired') return 0;
  const rows = await db
    .selectFrom('dead_letters')
    .select('kind')
    .where('kind', '=', 'unmatched-reply')
    .where('received_at', '>=', since)
    .limit(mostUnmatched)
    .execute();
  return rows.length;
}
