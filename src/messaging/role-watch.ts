/**
 * Tells when no live process of the deployment has some role: nothing is lost by that, but things stand still until one starts.
 * Failure: of the store, asked again at the next look. Shutdown: at once.
 */
import type { Clock } from '#core/ports/clock.js';
import type { Instances } from '#core/ports/instances.js';
import type { Logger } from '#core/ports/logger.js';
import type { Role } from '#core/roles.js';
import { missingRoles } from '#core/roles.js';
import { createTimers } from './timers.js';

export interface RoleWatchOptions {
  readonly instances: Pick<Instances, 'liveRoles'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface RoleWatch {
  /** Looks at once. @throws STORE_UNAVAILABLE */
  start(): Promise<void>;
  stop(): void;
  /** Roles that nobody had when that was looked at last, a few seconds ago. */
  missing(): readonly Role[];
}

const lookEveryMs = 5_000;
/** Those of one deployment start one after the other, and one that is restarted is away for a while. */
const toleratedMs = 15_000;
const remindEveryMs = 60_000;

export function createRoleWatch({ instances, clock, logger }: RoleWatchOptions): RoleWatch {
  const timers = createTimers(clock);
  let missing: readonly Role[] = [];
  let missingSince: number | undefined;
  let warnedAt: number | undefined;

  async function look(): Promise<void> {
    missing = missingRoles(await instances.liveRoles());
    const now = clock.monotonic();
    if (missing.length === 0) {
      if (warnedAt !== undefined) logger.info({}, 'every role is taken again');
      missingSince = warnedAt = undefined;
      return;
    }
    missingSince ??= now;
    if (now - missingSince < toleratedMs || now - (warnedAt ?? -Infinity) < remindEveryMs) return;
    warnedAt = now;
    logger.warn({ roles: missing }, missingInWords(missing));
  }

  return {
    async start() {
      await look();
      timers.every(lookEveryMs, () =>
        look().catch((error: unknown) => logger.warn({ err: error }, 'cannot ask which processes there are')),
      );
    },
    stop: () => timers.stop(),
    missing: () => missing,
  };
}

const meanwhile: Readonly<Record<Role, string>> = {
  gateway: 'nobody can call',
  correlator: 'replies wait at the broker, and nobody is answered',
  relay: 'requests and replies wait in the store, and nothing is sent',
};

/** What does not happen while nobody has these roles. */
export function missingInWords(missing: readonly Role[]): string {
  const sentences = missing.map((role) => `no running process has the role ${role}: ${meanwhile[role]}`);
  return sentences.join('; ');
}
