/** Where the subjects of a stream stand, from a list to begin with and the events since. */
import type { RequestState } from '#core/request.js';
import { isFinal } from '#core/request.js';
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
  /** Of a request. */
  readonly status: RequestState | undefined;
  readonly startedAt: number;
  /** Time of its newest event. */
  readonly time: number;
  /** Number of that event in its project; 0 when it was not told. */
  readonly sequence: number;
  readonly isRequest: boolean;
  readonly isOver: boolean;
}

/** `told`: the state that its events tell, which is its status if it is a request. */
interface KnownTask extends Task {
  readonly told: RequestState | undefined;
}

export interface TaskList {
  /** `areAll`: there are no others than these. */
  begin(subjects: readonly SeenSubject[], options: { readonly areAll: boolean }): void;
  take(event: ToldEvent): void;
  /**
   * Sequence of the newest task that tells states of a request and is not known as one, because it was not heard how it began;
   * undefined when there is none.
   */
  readonly doubtfulTo: number | undefined;
  /** Takes what the gateway lists of all whose newest event has a sequence of `from` up to `before`. */
  learn(subjects: readonly SeenSubject[], range: { readonly from: number; readonly before: number }): void;
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
  const known = new Map<string, KnownTask>();
  /** Those of `known` that may be requests, with the sequence at which the gateway listed them not: until they move on. */
  const doubtful = new Map<string, number | undefined>();
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
        known.set(subject.subject, { ...subject, percent, text, status, told: status });
      }
    },
    take(event) {
      const before = known.get(event.subject);
      // The list may have been read later than where the stream begins.
      if (before !== undefined && event.sequence !== undefined && event.sequence <= before.sequence) return;
      const task = after(before, event);
      known.set(event.subject, task);
      if (task.isRequest) doubtful.delete(task.subject);
      else if (task.told !== before?.told) doubtful.set(task.subject, undefined);
      if (known.size <= cutAt) return;
      isCut = true;
      for (const { subject } of sorted().slice(mostTasks)) {
        known.delete(subject);
        doubtful.delete(subject);
      }
    },
    get doubtfulTo() {
      let newest: number | undefined;
      for (const [name, missedAt] of doubtful) {
        const sequence = known.get(name)?.sequence ?? 0;
        if (sequence !== missedAt) newest = Math.max(newest ?? 0, sequence);
      }
      return newest;
    },
    learn(subjects, { from, before }) {
      const listed = new Map(subjects.map((each) => [each.subject, each.isRequest]));
      for (const name of doubtful.keys()) {
        const task = known.get(name);
        const isRequest = listed.get(name);
        if (task === undefined) continue;
        if (isRequest !== undefined) doubtful.delete(name);
        else if (task.sequence >= from && task.sequence < before) doubtful.set(name, task.sequence);
        if (isRequest === true) known.set(name, asRequest(task));
      }
    },
    tasks: sorted,
    get isCut() {
      return isCut;
    },
  };
}

function asRequest(task: KnownTask): KnownTask {
  const { told } = task;
  return { ...task, isRequest: true, status: told, isOver: told !== undefined && isFinal(told) };
}

function after(before: KnownTask | undefined, event: ToldEvent): KnownTask {
  const { subject, kind, time, sequence = 0 } = event;
  const now = toldState(event);
  const told = now ?? before?.told;
  const isRequest = before?.isRequest === true || now === 'accepted';
  const status = isRequest ? told : undefined;
  return {
    subject,
    percent: event.percent ?? before?.percent,
    text: event.text?.slice(0, longestText) ?? before?.text,
    kind,
    status,
    told,
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
