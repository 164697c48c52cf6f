/**
 * One of the gateways that share a store: it joins before it takes work, keeps its lease, and sets free what dead ones were
 * sending. Failure: while the store is away nobody's lease is kept, and nobody is taken for dead; one that was taken for dead
 * although it lives (it was stopped for a while) joins again. What it was sending may then be sent twice, with the same
 * `Message-ID`. Shutdown: it leaves, and what it was sending is free.
 */
import type { Clock } from '#core/ports/clock.js';
import type { AgreedSettings, Instances } from '#core/ports/instances.js';
import type { Logger } from '#core/ports/logger.js';
import { createTimers } from './timers.js';

export interface MembershipOptions {
  readonly instances: Instances;
  readonly instance: string;
  readonly version: string;
  readonly agreed: AgreedSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What dead ones were sending is free now. */
  readonly onFreed: () => void;
}

export interface Membership {
  /** @throws INSTANCE_CONFLICT, STORE_UNAVAILABLE */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const leaseMs = 30_000;
const renewEveryMs = 5_000;

export function createMembership(options: MembershipOptions): Membership {
  const { instances, instance, version, agreed, clock, logger } = options;
  const timers = createTimers(clock);
  let keptUpAt = -Infinity;
  const join = (): Promise<void> => instances.join({ id: instance, version, agreed, leaseMs });

  async function renew(): Promise<void> {
    if (await instances.renew(instance, leaseMs)) return;
    logger.warn({ instance }, 'this gateway was taken for dead by another one, and joins again');
    await join();
  }

  /** After the store was away, or this process stopped, nobody had a chance to renew. */
  function hasKeptUp(): boolean {
    const before = keptUpAt;
    keptUpAt = clock.monotonic();
    return keptUpAt - before < leaseMs / 2;
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
      if (hasKeptUp()) await burySilent();
    } catch (error) {
      logger.warn({ err: error }, 'cannot keep the place of this gateway among the others');
    }
  }

  return {
    async start() {
      await join();
      keptUpAt = clock.monotonic();
      timers.every(renewEveryMs, keepUp);
      await burySilent();
    },
    async stop() {
      timers.stop();
      try {
        await instances.leave(instance);
      } catch (error) {
        logger.warn({ err: error }, 'this gateway counts as running for a while: its end could not be stored');
      }
    },
  };
}
