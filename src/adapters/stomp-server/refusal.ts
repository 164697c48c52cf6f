/**
 * Why a frame is not carried out: it becomes an ERROR frame whose `message` header is the summary and
 * whose body says what is allowed. Stays inside the server side; callers of the product never see it.
 */
export class StompRefusal extends Error {
  override readonly name = 'StompRefusal';
  /** What is allowed, or what to do; one or two sentences. */
  readonly allowed: string;
  /** Whether the connection ends after the ERROR frame. */
  readonly closes: boolean;
  /** `receipt` of the offending frame where only the parser saw it. */
  readonly receipt: string | undefined;

  constructor(summary: string, facts: { allowed: string; closes: boolean; receipt?: string | undefined }) {
    super(summary);
    this.allowed = facts.allowed;
    this.closes = facts.closes;
    this.receipt = facts.receipt;
  }
}

/** Summary of the refusal whose ERROR frame also lists the versions, as the specification shows it. */
export const unsupportedVersion = 'unsupported protocol version';

/** One frame is refused, the connection serves on. */
export function refusal(summary: string, allowed: string): StompRefusal {
  return new StompRefusal(summary, { allowed, closes: false });
}

/** The protocol or a limit was broken: ERROR, then close. */
export function protocolFault(summary: string, allowed: string, receipt?: string): StompRefusal {
  return new StompRefusal(summary, { allowed, closes: true, receipt });
}
