/**
 * One of the gateways that share a store: it joins before it takes work, keeps its lease, and sets free what dead ones were
 * sending. Failure: while the store is away nobody's lease is kept, and for the time of a lease after it nobody is taken for
 * dead; one that was taken for dead although it lives (it was stopped for a while) joins again. What it was sending may then be
 * sent twice, with the same `Message-ID`. Shutdown: it leaves, and what it was sending is free.
 */
import { toReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { AgreedSettings, Instances } from '#core/ports/instances.js';
import type { Logger } from '#core/ports/logger.js';
import type { Role } from '#core/roles.js';
import { pause } from './pause.js';
import { createTimers } from './timers.js';

export interface MembershipOptions {
  readonly instances: Instances;
  readonly instance: string;
  readonly version: string;
  readonly roles: readonly Role[];
  readonly agreed: AgreedSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What dead ones were sending is free now. */
  readonly onFreed: () => void;
  /** It was taken for dead, and the others run with other settings now. */
  readonly onFatal: (error: unknown) => void;
}

export interface Membership {
  /**
   * One that runs with other settings and was killed counts as running for half a minute: it is waited for, as long as it
   * shows no sign of life.
   *
   * @throws INSTANCE_CONFLICT, STORE_UNAVAILABLE
   */
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

const leaseMs = 30_000;
const renewEveryMs = 5_000;
const lookAgainMs = 1_000;

export function createMembership(options: MembershipOptions): Membership {
  const { instances, instance, version, roles, agreed, clock, logger } = options;
  const timers = createTimers(clock);
  const join = (): Promise<void> => instances.join({ id: instance, version, roles, agreed, leaseMs });
  /** Since when it has kept its lease without a gap, in which others could not keep theirs. */
  let keptUpSince = -Infinity;
  let keptUpAt = -Infinity;

  async function leases(): Promise<ReadonlyMap<string, number>> {
    return new Map((await instances.list()).map(({ id, leaseUntil }) => [id, leaseUntil]));
  }

  async function joinWhenAlone(signal: AbortSignal): Promise<void> {
    let before: ReadonlyMap<string, number> | undefined;
    const giveUpAt = clock.monotonic() + leaseMs + renewEveryMs;
    for (;;) {
      try {
        await join();
        return;
      } catch (error) {
        const { code, message } = toReplytoError(error);
        if (code !== 'INSTANCE_CONFLICT' || signal.aborted || clock.monotonic() >= giveUpAt) throw error;
        const now = await leases();
        const isAlive = [...now].some(([id, until]) => until > (before?.get(id) ?? until));
        if (isAlive) throw error;
        if (before === undefined)
          logger.warn({ reason: message }, 'another gateway may be dead: waiting for a sign of its life');
        before = now;
      }
      await pause(clock, lookAgainMs, signal);
    }
  }

  async function renew(): Promise<void> {
    const now = clock.monotonic();
    if (now - keptUpAt > leaseMs / 2) keptUpSince = now;
    if (!(await instances.renew(instance, leaseMs))) {
      logger.warn({ instance }, 'this gateway was taken for dead by another one, and joins again');
      await join();
    }
    keptUpAt = clock.monotonic();
  }

  async function burySilent(): Promise<void> {
    const dead = await instances.forgetDead();
    if (dead.length === 0) return;
    logger.warn({ instances: dead }, 'gateways have died: what they were sending is taken over');
    options.onFreed();
  }

  async function keepUp(): Promise<void> {
    try {
      await renew();
      if (clock.monotonic() - keptUpSince >= leaseMs) await burySilent();
    } catch (error) {
      if (toReplytoError(error).code === 'INSTANCE_CONFLICT') options.onFatal(error);
      else logger.warn({ err: error }, 'cannot keep the place of this gateway among the others');
    }
  }

  return {
    async start(signal) {
      await joinWhenAlone(signal);
      keptUpSince = clock.monotonic();
      keptUpAt = keptUpSince;
      timers.every(renewEveryMs, keepUp);
    },
    async stop() {
      timers.stop();
      try {
        await instances.leave(instance);
      } catch (error) {
        logger.warn(
          { err: error },
          'this gateway counts as running for a while: its end could not be stored',
        );
      }
    },
  };
}
