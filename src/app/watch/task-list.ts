/** Where the subjects of a stream stand, from a list to begin with and the events since. */
import type { RequestState } from '#core/request.js';
import { isRequestState } from '#core/request.js';
import type { StatusEvent } from '#core/status-event.js';
import { isOverAfter } from '#core/status-event.js';
import type { SeenSubject } from './target.js';

export interface Task {
  readonly subject: string;
  /** The last ones that were told. */
  readonly percent: number | undefined;
  readonly text: string | undefined;
  /** `success`, or whatever else its newest event was. */
  readonly kind: string;
  readonly status: RequestState | undefined;
  readonly startedAt: number;
  /** Time of its newest event. */
  readonly time: number;
  readonly isRequest: boolean;
  readonly isOver: boolean;
}

export interface TaskList {
  begin(subjects: readonly SeenSubject[]): void;
  take(event: StatusEvent): void;
  /** Those that go on before those that are over, each the newest first. */
  tasks(): readonly Task[];
  /** Whether some were forgotten, because there were too many. */
  readonly isCut: boolean;
}

const mostTasks = 1_000;
/** Cutting sorts, so not for each task above the limit. */
const cutAt = 1_200;

export function createTaskList(): TaskList {
  const known = new Map<string, Task>();
  let isCut = false;

  function sorted(): Task[] {
    return [...known.values()].sort(
      (one, other) => Number(one.isOver) - Number(other.isOver) || other.startedAt - one.startedAt,
    );
  }

  return {
    begin(subjects) {
      for (const { percent, text, status, ...subject } of subjects) {
        known.set(subject.subject, { ...subject, percent, text, status });
      }
    },
    take(event) {
      known.set(event.subject, after(known.get(event.subject), event));
      if (known.size <= cutAt) return;
      isCut = true;
      for (const { subject } of sorted().slice(mostTasks)) known.delete(subject);
    },
    tasks: sorted,
    get isCut() {
      return isCut;
    },
  };
}

function after(before: Task | undefined, event: StatusEvent): Task {
  const { subject, kind, time } = event;
  const told = statusIn(event);
  const isRequest = before?.isRequest === true || told !== undefined;
  const status = told ?? before?.status;
  return {
    subject,
    percent: event.percent ?? before?.percent,
    text: event.text ?? before?.text,
    kind,
    status,
    startedAt: before?.startedAt ?? time,
    time,
    isRequest,
    isOver: isOverAfter(kind, {
      status: isRequest ? (status ?? null) : null,
      wasOver: before?.isOver === true,
    }),
  };
}

/** The state that the gateway tells of a request: it stands alone in the data, unlike most of what services write there. */
function statusIn({ kind, data }: StatusEvent): RequestState | undefined {
  if (kind === 'progress' || typeof data !== 'object' || data === null) return undefined;
  const { status, ...others } = data as { readonly status?: unknown };
  if (Object.keys(others).length > 0) return undefined;
  return typeof status === 'string' && isRequestState(status) ? status : undefined;
}
