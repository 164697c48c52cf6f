/**
 * The right to number events and to publish them, which one instance has at a time: a lease in the store, so that another
 * takes over when its owner dies. Held on to while there is work, let go at the stop.
 */
import type { Clock } from '#core/ports/clock.js';
import type { EventLog } from '#core/ports/event-log.js';

export interface SequencerDuty {
  /** Whether this instance has it, for long enough to do a little work. @throws STORE_UNAVAILABLE */
  hold(): Promise<boolean>;
  /** Whether this instance had it when it asked last. */
  readonly isHeld: boolean;
  /** It turned out that another has it. */
  lost(): void;
  release(): Promise<void>;
}

const leaseMs = 30_000;
const askAgainMs = 900;

export function createSequencerDuty(options: {
  readonly log: Pick<EventLog, 'claimDuty' | 'releaseDuty'>;
  readonly owner: string;
  readonly clock: Clock;
}): SequencerDuty {
  const { log, owner, clock } = options;
  let renewAt = -Infinity;
  /** Each question waits for the transaction in which its owner numbers, and others wait for each question. */
  let askAgainAt = -Infinity;
  let claiming: Promise<boolean> | undefined;

  async function claim(): Promise<boolean> {
    const claimedAt = clock.monotonic();
    const isMine = await log.claimDuty(owner, leaseMs);
    renewAt = isMine ? claimedAt + leaseMs / 2 : -Infinity;
    askAgainAt = isMine ? -Infinity : claimedAt + askAgainMs;
    return isMine;
  }

  return {
    async hold() {
      if (clock.monotonic() < renewAt) return true;
      if (clock.monotonic() < askAgainAt) return false;
      claiming ??= claim().finally(() => (claiming = undefined));
      return claiming;
    },
    get isHeld() {
      return renewAt !== -Infinity;
    },
    lost: () => (renewAt = -Infinity),
    async release() {
      if (renewAt === -Infinity) return;
      renewAt = -Infinity;
      await log.releaseDuty(owner);
    },
  };
}
