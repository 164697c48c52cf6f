import type { Problem } from './errors.js';
import { toProblem } from './errors.js';
import { refuseProblems } from './refuse-problems.js';
import { deepestJson } from './json-depth.js';

/**
 * A failure of the far side that comes back as a message: `Fault: true`, body of this shape
 * (schemas/fault.v1.json). A local failure is an Error instead.
 */
export interface FaultBody {
  /** Stable, for programs: the service's own, or one of core/error-kinds.ts. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** Whether asking again may help. */
  readonly retryable?: boolean;
  /** HTTP status that the gateway answers with, 400-599; it answers with 502 for 401, 405, 407 and 426. */
  readonly status?: number;
  readonly details?: unknown;
}

type FaultOptions = Partial<Omit<FaultBody, 'code' | 'message'>>;

/**
 * Throw it in a replier's handler to answer with a Fault instead of a retry. What is accepted here, a gateway can read.
 *
 * @throws INVALID_ARGUMENT for an empty code, a status that is no whole number from 400 to 599, details that cannot be
 *   written as JSON or are nested deeper than 199 levels; all that is wrong is named at once
 */
export class Fault extends Error implements FaultBody {
  override readonly name = 'Fault';
  readonly code: string;
  readonly retryable: boolean;
  readonly status?: number;
  readonly details?: unknown;

  constructor(code: string, message: string, options: FaultOptions = {}) {
    const { retryable, status, details } = options;
    refuseProblems(faultProblems({ code, message, retryable, status, details }));
    super(message);
    this.code = code;
    this.retryable = retryable ?? false;
    if (isGiven(status)) this.status = status;
    if (details !== undefined) this.details = details;
  }

  toJSON(): FaultBody {
    return {
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      ...(this.status === undefined ? {} : { status: this.status }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

export function isFault(thrown: unknown): thrown is Fault {
  return thrown instanceof Error && thrown.name === 'Fault' && 'code' in thrown;
}

/** As `schema/fault.ts` reads it: a gateway puts a fault aside that it cannot read, and the caller would wait in vain. */
function faultProblems({
  code,
  message,
  retryable,
  status,
  details,
}: Record<keyof FaultBody, unknown>): Problem[] {
  const isStatus = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
  const rules: readonly (readonly [field: string, value: unknown, isGood: boolean, allowed: string])[] = [
    ['code', code, typeof code === 'string' && code !== '', 'text that is not empty'],
    ['message', message, typeof message === 'string', 'text'],
    ['retryable', retryable, !isGiven(retryable) || typeof retryable === 'boolean', 'true or false'],
    ['status', status, !isGiven(status) || isStatus, 'a whole number from 400 to 599'],
    ['details', details, details === undefined || isReadable(details), detailsAllowed],
  ];
  return rules
    .filter(([, , isGood]) => !isGood)
    .map(([field, value, , allowed]) => toProblem(field, shown(value), allowed));
}

/** Many programs write null for "absent". */
function isGiven<T>(value: T | null | undefined): value is T {
  return value !== null && value !== undefined;
}

/** The fault around them is a level too. */
const deepestDetails = deepestJson - 1;
const detailsAllowed = `a value that can be written as JSON, at most ${deepestDetails} levels deep`;

function isReadable(details: unknown): boolean {
  try {
    const json = JSON.stringify(details) as string | undefined;
    return json !== undefined && levels(JSON.parse(json)) <= deepestDetails;
  } catch {
    // Circular, a bigint, deeper than the stack, or a toJSON that throws.
    return false;
  }
}

function levels(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((most, member) => Math.max(most, levels(member)), 0);
}

/** What cannot be written as JSON must still be shown: of most things only what they are. */
function shown(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return value;
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return isGiven(value) ? `(${typeof value})` : undefined;
  }
}
