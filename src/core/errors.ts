import type { ErrorCode, ErrorKind } from './error-kinds.js';
import { errorKinds } from './error-kinds.js';

/** One thing that is wrong with what was given: where, what stood there, what may stand there. */
export interface Problem {
  readonly field: string;
  /** As given, cut to 200 characters; absent when nothing was given. */
  readonly value?: string;
  readonly allowed: string;
}

export interface ErrorFacts {
  /** What happened this time, in one sentence. */
  readonly detail?: string;
  readonly problems?: readonly Problem[];
  readonly requestId?: string;
  readonly destination?: string;
  readonly deadlineAt?: number;
  /** When the same call may work, where something tells; whole seconds. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

const longestShownValue = 200;

/** Builds a Problem whose value is shortened, so that a header of 10 kB does not come back whole. */
export function toProblem(field: string, value: unknown, allowed: string): Problem {
  if (value === undefined || value === null) return { field, allowed };
  const text =
    typeof value === 'string' ? value : ((JSON.stringify(value) as string | undefined) ?? typeof value);
  const shown = text.length > longestShownValue ? `${text.slice(0, longestShownValue)}…` : text;
  return { field, value: shown, allowed };
}

/** Whether this says what is wrong, where a value or that is given. */
export function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'field' in value;
}

/** The one error class of the product. Branch on `code`, which survives serialisation; `instanceof` does not. */
export class ReplytoError extends Error {
  override readonly name = 'ReplytoError';
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];
  readonly requestId: string | undefined;
  readonly destination: string | undefined;
  readonly deadlineAt: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, facts: ErrorFacts = {}) {
    super(describe(code, facts), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.problems = facts.problems ?? [];
    this.requestId = facts.requestId;
    this.destination = facts.destination;
    this.deadlineAt = facts.deadlineAt;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }

  get kind(): ErrorKind {
    return errorKinds[this.code];
  }

  get category(): ErrorKind['category'] {
    return this.kind.category;
  }

  /** The one place that says whether trying again can help. */
  get retryable(): boolean {
    return this.kind.retryable;
  }
}

function describe(code: ErrorCode, facts: ErrorFacts): string {
  if (facts.detail !== undefined) return facts.detail;
  const [first] = facts.problems ?? [];
  if (first === undefined) return errorKinds[code].sentence;
  return `${first.field}${first.value === undefined ? '' : ` '${first.value}'`}: ${first.allowed}`;
}

export function isReplytoError(thrown: unknown): thrown is ReplytoError {
  return thrown instanceof Error && thrown.name === 'ReplytoError' && 'code' in thrown;
}

/** Anything thrown as an error of the table; what is unknown becomes INTERNAL and keeps its cause. */
export function toReplytoError(thrown: unknown): ReplytoError {
  return isReplytoError(thrown) ? thrown : new ReplytoError('INTERNAL', { cause: thrown });
}
