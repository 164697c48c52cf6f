/** A message that could not be processed (dead letter) or not be read (invalid message). */
export interface DeadLetter {
  /** Unique: the same entry delivered twice is kept once. */
  readonly id: string;
  readonly kind: 'dead-letter' | 'invalid' | 'unmatched-reply';
  readonly reason: string;
  /** Queue it was meant for or came from. */
  readonly queue: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Where messages rest that nobody can process, until a person looks. */
export interface DeadLetters {
  /** Keeps it; resolves after the commit. False when this id is kept already. */
  keep(letter: DeadLetter): Promise<boolean>;
  count(): Promise<Readonly<Record<DeadLetter['kind'], number>>>;
}
