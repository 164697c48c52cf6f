/** What a name may do. Patterns are those of `allow.queues`; what is not named is not allowed. */
export interface Grants {
  /** Whose requests and leases they are; several tokens may have the same. */
  readonly name: string;
  /** Queues it may ask and send to. */
  readonly queues: readonly string[];
  /** Queues it may read. */
  readonly read: readonly string[];
  /** Queues it may name in `Reply-To`. */
  readonly replyTo: readonly string[];
  /** Projects it may name. */
  readonly projects: readonly string[];
  /** Whether it may use the embedded broker over WebSocket, which knows no rights to single queues. */
  readonly broker: boolean;
}

/** Somebody who has proved a name. */
export interface Identity {
  readonly grants: Grants;
  /** Epoch milliseconds after which the proof counts no more; null = it does until it is withdrawn. */
  readonly expiresAt: number | null;
  /** Calls back once when the proof is withdrawn before that; returns what takes the callback away. */
  readonly onWithdrawn: (callback: () => void) => () => void;
}

/** Finds out who calls. Takes no longer than a call may wait for it. */
export interface Authenticator {
  /**
   * Null when the token proves nothing.
   *
   * @throws NOT_AUTHENTICATED with what is wrong with a token that can be read; AUTHENTICATION_UNAVAILABLE
   */
  identify(token: string): Identity | null | Promise<Identity | null>;
}
