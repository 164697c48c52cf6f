/**
 * Where a message is that was sent to a queue: `waiting` in it; `held` by a consumer that has not acknowledged it; `there`,
 * one of both; `gone`: somebody acknowledged it, or the broker dropped it.
 */
export const messagePlaces = ['waiting', 'held', 'there', 'gone'] as const;
export type MessagePlace = (typeof messagePlaces)[number];

/** What a broker tells of a queue; null: it does not tell that. */
export interface QueueView {
  /** Messages in it, those that consumers hold and have not acknowledged among them. */
  readonly depth: number | null;
  /** There may be more than `depth`. */
  readonly isAtLeast: boolean;
  /** Of them, those that consumers hold. */
  readonly inFlight: number | null;
  readonly consumers: number | null;
  readonly message: MessagePlace | null;
  /** Why something is not known, in words; null where everything that matters is. */
  readonly unknown: string | null;
}

export const unknownQueue: QueueView = {
  ...{ depth: null, isAtLeast: false, inFlight: null, consumers: null, message: null, unknown: null },
};

export interface InspectOptions {
  /** The request whose message is looked for: its `correlation-id` on the wire. */
  readonly messageId: string;
  readonly withinMs: number;
}

/** Asks the broker how a queue stands. It takes nothing from the queue, and hinders nobody who uses it. */
export interface QueueInspection {
  /** Never rejects, and takes hardly longer than `withinMs`: what is not known by then is unknown. */
  inspect(queue: string, options: InspectOptions): Promise<QueueView>;
}
