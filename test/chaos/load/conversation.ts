/** One request, from its first post to the last that its caller hears of it. */

/** How a caller comes to the answer. */
export const ways = ['wait', 'ask', 'reply-to'] as const;
type Way = (typeof ways)[number];

export interface Conversation {
  /** Message-ID of the request. */
  readonly id: string;
  readonly way: Way;
  readonly queue: string;
  /** Number of its caller, from 0. */
  readonly caller: number;
  /** Monotonic. */
  readonly beganAt: number;
  answeredAt: number | null;
  /** Whether the caller holds a 202 or its answer. */
  isAccepted: boolean;
  /** Texts that the caller was given as the answer to its request, each once. */
  readonly answers: Set<string>;
  /** Ids of the messages that came to its Reply-To queue, in their order. */
  readonly forwards: string[];
}

export function isAnswered({ answers }: Conversation): boolean {
  return answers.size > 0;
}
