/** What became of all requests of a row. */
export interface Counts {
  /** The caller holds a 202, or its answer. */
  readonly accepted: number;
  /** The caller has its answer. */
  readonly answered: number;
  /** Accepted, and without an answer to the end. */
  readonly lost: number;
  /** Its caller was told two different answers, or has more than one message in its Reply-To queue. */
  readonly answeredTwice: number;
  /** Of them, those whose messages in the Reply-To queue are one and the same: one answer, one Message-ID. */
  readonly forwardedAgain: number;
  /** By the service that remembers what it answered. */
  readonly runTwice: number;
  /** Requests that the forgetful service got more than once. */
  readonly redelivered: number;
  readonly late: number;
  readonly unmatched: number;
  readonly longestStallMs: number;
}
