/** A stage of a request that is timed, with every outcome that it may have: nothing else becomes a label. */
interface StageFacts {
  /** From when to when. */
  readonly help: string;
  /** Each outcome in words. */
  readonly outcomes: Readonly<Record<string, string>>;
}

/** The stages of a request in their order; the names become `replyto_<stage>_seconds`. */
export const stages = {
  accept: {
    help: 'from the arrival of a call to the commit of its request',
    outcomes: {
      accepted: 'stored',
      joined: 'known already: the call joined it',
      refused: 'answered with an error; nothing was stored',
    },
  },
  send: {
    help: 'from taking a stored request to the receipt of the broker, one for each attempt',
    outcomes: {
      sent: 'confirmed',
      unconfirmed: 'no receipt came; it is sent again',
      unavailable: 'no connection; it waits',
      full: 'the broker has no room; it waits',
      refused: 'the broker answered with an error',
      invalid: 'no broker takes it as it is',
    },
  },
  service: {
    help: 'from the receipt of a request to its first reply',
    outcomes: {
      replied: 'a reply in time',
      faulted: 'a fault in time',
      late: 'either, after the request had ended',
    },
  },
  settle: {
    help: 'from the delivery of a reply to its acknowledgement, which follows the commit that keeps it',
    outcomes: {
      settled: 'it ended its request',
      late: 'kept, after the request had ended',
      duplicate: 'kept as another reply',
      repeated: 'known already, ignored',
      unmatched: 'kept, for no request that is known here',
      full: 'not kept: too many are',
      invalid: 'kept as an invalid message',
    },
  },
  answer: {
    help: 'from keeping a reply to the end of the answer to the caller who waited for it',
    outcomes: {
      replied: 'a reply',
      faulted: 'a fault',
      gone: 'the caller hung up before',
    },
  },
  forward: {
    help: 'from queueing a reply for its Reply-To queue to the outcome of an attempt',
    outcomes: {
      delivered: 'confirmed',
      refused: 'the broker answered with an error; it is tried again',
      postponed: 'no connection or no receipt; it is tried again',
      dead: 'given up: a dead letter',
    },
  },
} as const satisfies Readonly<Record<string, StageFacts>>;

export type Stage = keyof typeof stages;
export type OutcomeOf<S extends Stage> = Extract<keyof (typeof stages)[S]['outcomes'], string>;
