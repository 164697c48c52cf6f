import type { AppendOptions, EventLog, EventOutcome } from '#core/ports/event-log.js';
import type { RequestState } from '#core/request.js';
import { isFinal, isRequestState } from '#core/request.js';
import type { StatusEvent } from '#core/status-event.js';
import { kindsOfStates } from '#core/told-state.js';
import type { StoreContext, Tx } from './context.js';
import { changedMeanwhile } from './context.js';
import type { EventDetail, RecordRow } from './rows.js';
import { recordColumns, toBlob, toRecord } from './rows.js';
import type { EventTable } from './schema.js';

/** What the history says about a change of the request itself; `status` stands in the event's data. */
const sentences = {
  accepted: 'accepted',
  sent: 'sent to the queue',
  replied: 'a reply came',
  faulted: 'the service answered with a fault',
  expired: 'no reply came before the deadline',
  cancelled: 'cancelled',
  completed: 'sent; no reply is expected',
  late: 'a reply came after the request had ended',
  duplicate: 'another reply came; the first stays the answer',
} as const;

type Change = keyof typeof sentences;

export interface RecordedChange {
  readonly row: Pick<RecordRow, 'seq' | 'id' | 'project'>;
  /** The request's event counter after the change, so numbers have no gaps. */
  readonly number: number;
  readonly change: Change;
  readonly at: number;
  /** Instead of the usual sentence. */
  readonly text?: string | undefined;
}

/**
 * Adds changes to the histories of their requests, and to the logs of their projects, in the transaction that makes the
 * changes.
 */
export async function recordChanges(
  tx: Tx,
  context: StoreContext,
  changes: readonly RecordedChange[],
): Promise<void> {
  const rows: EventTable[] = [];
  const entering: Entering[] = [];
  for (const { row, number, change, at, text = sentences[change] } of changes) {
    const status = isRequestState(change) ? change : null;
    const kind = status === null ? 'log' : kindsOfStates[status];
    const id = context.newId();
    const detail: EventDetail = { project: row.project, text, data: { status: change } };
    rows.push({
      ...{ request_seq: row.seq, number, id, kind, time: at },
      detail: toBlob(detail),
      instance: context.instance,
    });
    if (row.project === null) continue;
    const event = { id, subject: row.id, kind, time: at, ...detail, project: row.project };
    entering.push({ event, isRequest: true, status });
  }
  await context.queries.insertEvents(tx, rows);
  await enter(tx, context, entering);
}

export function createEventEntry(context: StoreContext): Pick<EventLog, 'append'> {
  return {
    append: (event, options = {}) =>
      context.commits.run(
        (tx) => append(tx, context, event, options),
        event.subject,
        // Events of one project enter in the order in which they came.
        ...(event.project === null ? [] : [`project ${event.project}`]),
      ),
  };
}

async function append(
  tx: Tx,
  context: StoreContext,
  event: StatusEvent,
  { joinsHistory = true }: AppendOptions,
): Promise<EventOutcome | null> {
  const [row] = joinsHistory
    ? await context.queries.lockRecords(tx, { ids: context.dialect.toList([event.subject]) })
    : [];
  const project = event.project ?? row?.project ?? null;
  if (row === undefined && project === null) return null;
  const joined = row === undefined ? undefined : await join(tx, context, row, event);
  const entered =
    project !== null &&
    (await enter(tx, context, [
      { event: { ...event, project }, isRequest: row !== undefined, status: null },
    ]));
  const record = joined ?? row;
  return {
    record: record === undefined ? null : toRecord(record),
    changed: entered || joined !== undefined,
  };
}

/** Adds to the history of this request, and to the log of its project, what is not there already; gives it as it is then. */
export async function appendToHistory(
  tx: Tx,
  context: StoreContext,
  row: RecordRow,
  events: readonly StatusEvent[],
): Promise<RecordRow> {
  let latest = row;
  for (const event of events) {
    const joined = await join(tx, context, latest, event);
    if (joined === undefined) continue;
    latest = joined;
    if (row.project === null) continue;
    await enter(tx, context, [{ event: { ...event, project: row.project }, isRequest: true, status: null }]);
  }
  return latest;
}

/** Adds the event to the history of the request; undefined when it is there already. */
async function join(
  tx: Tx,
  { instance }: StoreContext,
  row: RecordRow,
  event: StatusEvent,
): Promise<RecordRow | undefined> {
  const detail: EventDetail = { project: event.project ?? row.project, ...detailOf(event) };
  const added = await tx
    .insertInto('events')
    .values({
      request_seq: row.seq,
      number: row.events + 1,
      id: event.id,
      kind: event.kind,
      time: event.time,
      detail: toBlob(detail),
      instance,
    })
    .onConflict((conflict) => conflict.columns(['request_seq', 'id']).doNothing())
    .returning('number')
    .executeTakeFirst();
  if (added === undefined) return undefined;
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
  return changed;
}

interface Entering {
  readonly event: StatusEvent & { readonly project: string };
  readonly isRequest: boolean;
  readonly status: RequestState | null;
}

/** Lets events into the logs of their projects, without numbers; false when all are there already. */
async function enter(tx: Tx, context: StoreContext, entering: readonly Entering[]): Promise<boolean> {
  if (entering.length === 0) return false;
  const now = context.clock.now();
  const entered = await context.queries.insertProjectEvents(
    tx,
    entering.map(({ event, isRequest, status }) => ({
      project: event.project,
      id: event.id,
      sequence: null,
      subject: event.subject,
      is_request: Number(isRequest),
      status,
      kind: event.kind,
      time: event.time,
      now,
      detail: toBlob(detailOf(event)),
    })),
  );
  if (entered.length === 0) return false;
  context.eventEntered();
  return true;
}

function detailOf({ percent, text, data }: StatusEvent): Omit<EventDetail, 'project'> {
  return {
    ...(percent === undefined ? {} : { percent }),
    ...(text === undefined ? {} : { text }),
    ...(data === undefined ? {} : { data }),
  };
}
