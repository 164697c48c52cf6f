import type { Role } from '../roles.js';

/** What all instances of one deployment have to agree on: a digest, or the value itself, by the name of the setting. */
export type AgreedSettings = Readonly<Record<string, string>>;

interface Instance {
  /** New at each start. */
  readonly id: string;
  readonly startedAt: number;
  /** Version of the product. */
  readonly version: string;
  /** What it does. */
  readonly roles: readonly Role[];
  /** When it counts as dead unless it is heard of before. */
  readonly leaseUntil: number;
}

export interface JoiningInstance {
  readonly id: string;
  readonly version: string;
  readonly roles: readonly Role[];
  readonly agreed: AgreedSettings;
  readonly leaseMs: number;
}

/**
 * The gateways that have the store open. Each has a lease; one whose lease is over counts as dead, and what it was sending is
 * free for others. Each method is one transaction.
 *
 * @throws STORE_UNAVAILABLE from every method when the commit failed; nothing was changed then.
 */
export interface Instances {
  /**
   * From now on it is one of them; again after it was taken for dead.
   *
   * @throws INSTANCE_CONFLICT naming the settings in which a live one differs
   */
  join(instance: JoiningInstance): Promise<void>;
  /** False: it was taken for dead meanwhile. */
  renew(id: string, leaseMs: number): Promise<boolean>;
  leave(id: string): Promise<void>;
  /** Forgets those whose lease is over and sets free what they were sending; returns their ids. */
  forgetDead(): Promise<readonly string[]>;
  list(): Promise<readonly Instance[]>;
  /** Roles of those whose lease is not over, each once. */
  liveRoles(): Promise<readonly Role[]>;
}
