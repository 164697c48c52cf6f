import type { EventLog } from '#core/ports/event-log.js';
import type { StatusEventKind } from '#core/status-event.js';
import { isOverAfter } from '#core/status-event.js';
import type { StoreContext, Tx } from './context.js';
import { toBlob, toEventDetail, toSubjectState } from './rows.js';
import type { ProjectEventRow, SubjectRow } from './schema.js';

/** Where one subject stands: what its events came to. */
type State = Omit<SubjectRow, 'project' | 'subject'>;

/** Of a text in a list; the event has it whole. */
const longestText = 1_000;

interface Numbered {
  /** In order; the first has the number `after + 1`. */
  readonly entries: readonly ProjectEventRow[];
  readonly after: number;
}

/**
 * Keeps the latest of each subject, so that nobody has to read a whole log to see where everything stands. Returns how many
 * subjects are new.
 */
export async function noteSubjects(tx: Tx, project: string, { entries, after }: Numbered): Promise<number> {
  const states = new Map<string, State>();
  let added = 0;
  for (const [index, entry] of entries.entries()) {
    const { subject } = entry;
    const before = states.get(subject) ?? (await subjectOf(tx, project, subject));
    if (before === undefined) added += 1;
    states.set(subject, followed(before, entry, after + index + 1));
  }
  for (const [subject, state] of states) {
    await tx
      .insertInto('project_subjects')
      .values({ project, subject, ...state })
      .onConflict((conflict) => conflict.columns(['project', 'subject']).doUpdateSet(state))
      .execute();
  }
  return added;
}

async function subjectOf(tx: Tx, project: string, subject: string): Promise<State | undefined> {
  return tx
    .selectFrom('project_subjects')
    .select(['kind', 'sequence', 'time', 'percent', 'text', 'status', 'started_at', 'is_request', 'is_over'])
    .where('project', '=', project)
    .where('subject', '=', subject)
    .executeTakeFirst();
}

function followed(before: State | undefined, entry: ProjectEventRow, sequence: number): State {
  const { percent, text } = toEventDetail(entry.detail);
  return {
    kind: entry.kind,
    sequence,
    time: entry.time,
    percent: percent ?? before?.percent ?? null,
    text: text === undefined ? (before?.text ?? null) : toBlob(text.slice(0, longestText)),
    status: entry.status ?? before?.status ?? null,
    started_at: before?.started_at ?? entry.time,
    is_request: Math.max(entry.is_request, before?.is_request ?? 0),
    is_over: Number(isOver(before, entry)),
  };
}

function isOver(before: State | undefined, { kind, status, is_request }: ProjectEventRow): boolean {
  const known = status ?? before?.status ?? null;
  return isOverAfter(kind as StatusEventKind, {
    status: is_request === 1 ? known : null,
    wasOver: before?.is_over === 1,
  });
}

/** Projects looked at for those that are wanted. */
const mostProjects = 10_000;

export function createEventSubjects({ db }: StoreContext): Pick<EventLog, 'projects' | 'subjects'> {
  return {
    async projects(limit, isWanted) {
      const rows = await db
        .selectFrom('projects')
        .select(['project', 'last', 'time', 'subjects'])
        .orderBy('time', 'desc')
        .limit(isWanted === undefined ? limit : mostProjects)
        .execute();
      return rows.filter(({ project }) => isWanted?.(project) ?? true).slice(0, limit);
    },
    async subjects(project, { limit, before }) {
      let query = db.selectFrom('project_subjects').selectAll().where('project', '=', project);
      if (before !== undefined) query = query.where('sequence', '<', before);
      const rows = await query.orderBy('sequence', 'desc').limit(limit).execute();
      return rows.map(toSubjectState);
    },
  };
}
