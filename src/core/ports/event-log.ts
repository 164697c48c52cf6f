import type { RequestRecord, RequestState } from '../request.js';
import type { EventFilter, SequencedEvent, StatusEvent, StatusEventKind } from '../status-event.js';

export interface AppendOptions {
  /** False: the log of the project alone, whatever request the subject may be. Default true. */
  readonly joinsHistory?: boolean;
}

export interface EventOutcome {
  /** The request that the event is about; null when its subject is something else. */
  readonly record: RequestRecord | null;
  /** False: the very same event came before. */
  readonly changed: boolean;
}

interface PageQuery {
  /** Only events behind this one. */
  readonly after: number;
  readonly limit: number;
  /** About how many bytes are enough; default 1 MiB. At least one event comes, if there is one. */
  readonly bytes?: number;
  readonly filter?: EventFilter;
}

/** A part of the log of one project. */
export interface EventPage {
  /** In order, and all there are behind `after` up to `through` that pass the filter, but for those before `first`. */
  readonly events: readonly SequencedEvent[];
  /** How far was looked: the `after` of the next page. */
  readonly through: number;
  /** The oldest event that is still kept; `last + 1` when none is. */
  readonly first: number;
  /** The newest one; 0 when there never was any. */
  readonly last: number;
}

interface ProjectState {
  readonly project: string;
  readonly last: number;
  /** When its newest event was numbered. */
  readonly time: number;
  readonly subjects: number;
}

/** The latest that a project heard of one subject. */
export interface SubjectState {
  readonly subject: string;
  /** Of the newest event. */
  readonly kind: StatusEventKind;
  readonly sequence: number;
  readonly time: number;
  /** The last ones that were told. */
  readonly percent: number | null;
  readonly text: string | null;
  /** State of the request; null when it is none, or the gateway has told nothing of it yet. */
  readonly status: RequestState | null;
  /** Time of its first event. */
  readonly startedAt: number;
  readonly isRequest: boolean;
  /** Ended by a success, a failure, or the end of its request. */
  readonly isOver: boolean;
}

interface Unpublished {
  readonly project: string;
  /** The last event that its topic has got for certain. */
  readonly published: number;
  /** The newest one there is. */
  readonly last: number;
}

interface UnpublishedQuery {
  /** Only names behind this one; default: all. */
  readonly after?: string;
  /** Not these projects. */
  readonly except?: readonly string[];
}

/**
 * Status events in the order in which readers see them. An event enters unnumbered, in the transaction of the change that it
 * tells of, so that nothing ever waits for its number; whoever has the duty of the sequencer numbers what has entered,
 * each project 1, 2, 3 and so on. A number that is visible is never followed by a smaller one.
 *
 * @throws STORE_UNAVAILABLE from every method when the database failed; nothing was changed then.
 */
export interface EventLog {
  /**
   * Takes an event in, once: into the history of the request that is its subject, and into the log of its project, which
   * is that of the request unless the event names one. Null when it has neither.
   */
  append(event: StatusEvent, options?: AppendOptions): Promise<EventOutcome | null>;
  /** Calls back after each commit that let events in. Returns what ends it. */
  onEntry(callback: () => void): () => void;
  /** Whether anything waits for its number. */
  hasUnnumbered(): Promise<boolean>;
  /** Takes or keeps the duty of the sequencer, which one instance has at a time. */
  claimDuty(owner: string, leaseMs: number): Promise<boolean>;
  releaseDuty(owner: string): Promise<void>;
  /** Numbers what entered first; null, and nothing changed, when `owner` has not the duty. */
  number(owner: string, limit: number): Promise<readonly SequencedEvent[] | null>;
  /** Projects whose topic lacks events, in an order of their names that is always the same. */
  unpublished(limit: number, query?: UnpublishedQuery): Promise<readonly Unpublished[]>;
  markPublished(project: string, sequence: number): Promise<void>;
  page(project: string, query: PageQuery): Promise<EventPage>;
  /** The sequence of the newest event; 0 when there never was any. */
  last(project: string): Promise<number>;
  /** The same of several projects; those without events are left out. */
  lasts(projects: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Those with the newest events first; `isWanted`: of the 10,000 newest only these. */
  projects(limit: number, isWanted?: (project: string) => boolean): Promise<readonly ProjectState[]>;
  /** Those with the newest events first; `before`: only those whose newest event is older than this one. */
  subjects(
    project: string,
    query: { readonly limit: number; readonly before?: number },
  ): Promise<readonly SubjectState[]>;
  /**
   * Removes what is older than its retention. Before that, if anything entered more than a day ahead of the clock, which was
   * wrong then, all that is later than now is put to the present time. At most `limit` in all; returns how many, so `limit`
   * tells that more may wait.
   */
  sweep(limit: number): Promise<number>;
}
