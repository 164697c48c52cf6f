import type { EventOutcome, RequestStore } from '#core/ports/request-store.js';
import { isFinal } from '#core/request.js';
import type { StatusEvent, StatusEventKind } from '#core/status-event.js';
import type { StoreContext, Tx } from './context.js';
import { changedMeanwhile } from './context.js';
import type { EventDetail, RecordRow } from './rows.js';
import { recordColumns, toBlob, toNumberedEvent, toRecord } from './rows.js';

/** What the history says about a change of the request itself; `status` stands in the event's data. */
const sentences = {
  accepted: ['log', 'accepted'],
  sent: ['log', 'sent to the queue'],
  replied: ['success', 'a reply came'],
  faulted: ['failure', 'the service answered with a fault'],
  expired: ['failure', 'no reply came before the deadline'],
  cancelled: ['user-action', 'cancelled'],
  completed: ['success', 'sent; no reply is expected'],
  late: ['log', 'a reply came after the request had ended'],
  duplicate: ['log', 'another reply came; the first stays the answer'],
} as const satisfies Record<string, readonly [StatusEventKind, string]>;

type Change = keyof typeof sentences;

/**
 * Adds a change to the history of its request, in the transaction that makes the change. `number` is the
 * request's event counter after the change, so numbers have no gaps.
 */
export async function recordChange(
  tx: Tx,
  context: StoreContext,
  row: Pick<RecordRow, 'seq' | 'project'>,
  change: {
    readonly number: number;
    readonly change: Change;
    readonly at: number;
    /** Instead of the usual sentence. */
    readonly text?: string | undefined;
  },
): Promise<void> {
  const [kind, usual] = sentences[change.change];
  const { text = usual } = change;
  const detail: EventDetail = { project: row.project, text, data: { status: change.change } };
  await context.queries.insertEvent(tx, {
    request_seq: row.seq,
    number: change.number,
    id: context.newId(),
    kind,
    time: change.at,
    detail: toBlob(detail),
  });
}

export function createHistory(context: StoreContext): Pick<RequestStore, 'appendEvent' | 'events'> {
  const { db, commits } = context;
  return {
    appendEvent: (event) => commits.run((tx) => append(tx, event)),
    async events(id, after, limit) {
      const rows = await db
        .selectFrom('events')
        .innerJoin('requests', 'requests.seq', 'events.request_seq')
        .selectAll('events')
        .where('requests.id', '=', id)
        .where('events.number', '>', after)
        .orderBy('events.number')
        .limit(limit)
        .execute();
      return rows.map((row) => toNumberedEvent(id, row));
    },
  };
}

async function append(tx: Tx, event: StatusEvent): Promise<EventOutcome | null> {
  const row = await tx
    .selectFrom('requests')
    .select(recordColumns)
    .where('id', '=', event.subject)
    .executeTakeFirst();
  if (row === undefined) return null;
  const detail: EventDetail = {
    project: event.project ?? row.project,
    ...(event.percent === undefined ? {} : { percent: event.percent }),
    ...(event.text === undefined ? {} : { text: event.text }),
    ...(event.data === undefined ? {} : { data: event.data }),
  };
  const added = await tx
    .insertInto('events')
    .values({
      request_seq: row.seq,
      number: row.events + 1,
      id: event.id,
      kind: event.kind,
      time: event.time,
      detail: toBlob(detail),
    })
    .onConflict((conflict) => conflict.columns(['request_seq', 'id']).doNothing())
    .returning('number')
    .executeTakeFirst();
  if (added === undefined) return { record: toRecord(row), changed: false };
  // Progress that overtakes the reply belongs to the history, no longer to the state.
  const showsProgress = event.kind === 'progress' && !isFinal(row.status);
  const progress = toBlob({ percent: event.percent ?? null, text: event.text ?? null });
  const changed = await tx
    .updateTable('requests')
    .set((eb) => ({
      events: added.number,
      version: eb('version', '+', 1),
      ...(showsProgress ? { progress } : {}),
    }))
    .where('seq', '=', row.seq)
    .where('events', '=', row.events)
    .returning(recordColumns)
    .executeTakeFirst();
  if (changed === undefined) throw changedMeanwhile(row.id);
  return { record: toRecord(changed), changed: true };
}
