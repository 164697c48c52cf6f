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
  /** HTTP status that the gateway answers with, 400-599. */
  readonly status?: number;
  readonly details?: unknown;
}

/** Throw it in a replier's handler to answer with a Fault instead of a retry. */
export class Fault extends Error implements FaultBody {
  override readonly name = 'Fault';
  readonly code: string;
  readonly retryable: boolean;
  readonly status?: number;
  readonly details?: unknown;

  constructor(code: string, message: string, options: Partial<Omit<FaultBody, 'code' | 'message'>> = {}) {
    super(message);
    this.code = code;
    this.retryable = options.retryable ?? false;
    if (options.status !== undefined) this.status = options.status;
    if (options.details !== undefined) this.details = options.details;
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
