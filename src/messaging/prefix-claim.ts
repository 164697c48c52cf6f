/**
 * Two deployments with the same prefix on one broker would eat each other's replies. Before an instance takes
 * replies it says hello with the identity of its store; one of another store that is there answers, and the
 * start ends. Every instance answers, for as long as it runs.
 */
import { ReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { Logger } from '#core/ports/logger.js';
import type { Subscription } from '#core/ports/message-source.js';
import type { ControlBus } from './control-bus.js';

export interface PrefixClaimOptions {
  readonly control: ControlBus;
  readonly prefix: string;
  readonly storeId: string;
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Milliseconds that others get to object. */
const objectionMs = 1_000;

/**
 * Claims the prefix; the subscription answers later hellos until it is ended.
 *
 * @throws PREFIX_TAKEN; BROKER_UNAVAILABLE and the like when its hello was not confirmed
 */
export async function claimPrefix(options: PrefixClaimOptions): Promise<Subscription> {
  const { control, prefix, storeId, instance, clock, logger } = options;
  let stranger: string | undefined;
  const subscription = await control.subscribe((notice) => {
    if (notice.type === 'cancel' || notice.storeId === storeId) return;
    if (notice.type === 'welcome') stranger = notice.instance;
    else {
      control.publish({ type: 'welcome', storeId, instance }).catch((error: unknown) => {
        logger.warn({ err: error }, 'another deployment uses this prefix and could not be told');
      });
    }
  });
  try {
    await control.publish({ type: 'hello', storeId, instance });
  } catch (error) {
    // Whoever tries again subscribes anew.
    await subscription.unsubscribe();
    throw error;
  }
  await new Promise<void>((resolve) => clock.after(objectionMs, resolve));
  if (stranger === undefined) return subscription;
  await subscription.unsubscribe();
  throw new ReplytoError('PREFIX_TAKEN', {
    detail: `another deployment (instance ${stranger}) uses the prefix '${prefix}' on this broker: give each its own prefix, or the same store`,
  });
}
