import type { RequestState } from './request.js';
import { isFinal } from './request.js';

/** schemas/status-event.v1.json: one thing that happened to a subject. */
export interface StatusEvent {
  /** Unique; an event that comes again with the same id is ignored. */
  readonly id: string;
  readonly project: string | null;
  /** What it is about: a request id, a process id, a user. */
  readonly subject: string;
  readonly kind: StatusEventKind;
  /** 0-100. */
  readonly percent?: number;
  readonly text?: string;
  readonly data?: unknown;
  /** Epoch milliseconds at the source. */
  readonly time: number;
}

export const statusEventKinds = ['progress', 'success', 'failure', 'log', 'user-action'] as const;
export type StatusEventKind = (typeof statusEventKinds)[number];

/** An event in the history of its request: `number` counts 1, 2, ... without gaps and never changes. */
export interface NumberedEvent extends StatusEvent {
  readonly number: number;
}

/** An event in the log of its project: `sequence` counts 1, 2, ... for each project, without gaps, and never changes. */
export interface SequencedEvent extends StatusEvent {
  readonly project: string;
  readonly sequence: number;
}

/** Which events of a project or a request; what is absent is not asked about. */
export interface EventFilter {
  readonly subject?: string;
  readonly kinds?: readonly StatusEventKind[];
}

/** Events that retention has removed. */
export interface EventGap {
  readonly from: number;
  readonly to: number;
}

/** What is gone behind the event `after`, when `first` is the oldest that is kept. */
export function gapBehind(after: number, first: number): EventGap | undefined {
  return after + 1 < first ? { from: after + 1, to: first - 1 } : undefined;
}

export function passesFilter(event: StatusEvent, { subject, kinds }: EventFilter): boolean {
  return (
    (subject === undefined || event.subject === subject) &&
    (kinds === undefined || kinds.includes(event.kind))
  );
}

/** Whether a subject is over after an event. `status`: its state, when it is a request whose state is known. */
export function isOverAfter(
  kind: StatusEventKind,
  { status, wasOver }: { readonly status: RequestState | null; readonly wasOver: boolean },
): boolean {
  // Late progress reopens no request.
  if (status !== null) return isFinal(status);
  if (kind === 'success' || kind === 'failure') return true;
  // What is no request may be begun anew.
  return kind !== 'progress' && wasOver;
}
