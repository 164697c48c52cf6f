/** Where the subjects of a stream stand, from a list to begin with and the events since. */
import type { RequestState } from '#core/request.js';
import type { StatusEvent } from '#core/status-event.js';
import { isOverAfter } from '#core/status-event.js';
import { toldState } from '#core/told-state.js';
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
  /** Number of that event in its project; 0 when it was not told. */
  readonly sequence: number;
  readonly isRequest: boolean;
  readonly isOver: boolean;
}

export interface TaskList {
  /** `areAll`: there are no others than these. */
  begin(subjects: readonly SeenSubject[], options: { readonly areAll: boolean }): void;
  take(event: ToldEvent): void;
  /** Those that go on before those that are over, each the newest first. */
  tasks(): readonly Task[];
  /** Whether there are others, because there are too many. */
  readonly isCut: boolean;
}

/** Of a project it has its number there. */
type ToldEvent = StatusEvent & { readonly sequence?: number };

const mostTasks = 1_000;
/** Of a text, as the gateway cuts it in its list: it is measured again in every picture. */
const longestText = 1_000;
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
    begin(subjects, { areAll }) {
      isCut = !areAll;
      for (const { percent, text, status, ...subject } of subjects) {
        known.set(subject.subject, { ...subject, percent, text, status });
      }
    },
    take(event) {
      const before = known.get(event.subject);
      // The list may have been read later than where the stream begins.
      if (before !== undefined && event.sequence !== undefined && event.sequence <= before.sequence) return;
      known.set(event.subject, after(before, event));
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

function after(before: Task | undefined, event: ToldEvent): Task {
  const { subject, kind, time, sequence = 0 } = event;
  const told = toldState(event);
  const isRequest = before?.isRequest === true || told === 'accepted';
  const status = (isRequest ? told : undefined) ?? before?.status;
  return {
    subject,
    percent: event.percent ?? before?.percent,
    text: event.text?.slice(0, longestText) ?? before?.text,
    kind,
    status,
    startedAt: before?.startedAt ?? time,
    time,
    sequence,
    isRequest,
    isOver: isOverAfter(kind, {
      // Of what is no request none is taken.
      status: status ?? null,
      wasOver: before?.isOver === true,
    }),
  };
}
