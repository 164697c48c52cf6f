import type { Destination } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { SubscribeOptions } from '#core/ports/message-source.js';
import type { Broker } from '../library/connect-broker.js';
import { systemClock as clock } from '../system-clock.js';

const subscribeMs = 15_000;

/**
 * Subscribes for as long as the broker stays connected. A command that nobody watches must not wait for a broker
 * that went away just now.
 *
 * @throws SUBSCRIBE_REFUSED, BROKER_UNAVAILABLE
 */
export async function subscribeWithin(
  broker: Broker,
  destination: Destination,
  options: SubscribeOptions,
): Promise<void> {
  let cancel: () => void = () => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(subscribeMs, () => {
      const detail = `the broker did not confirm the subscription to '${destination.name}' within ${subscribeMs / 1_000} s`;
      reject(new ReplytoError('BROKER_UNAVAILABLE', { detail, destination: destination.name }));
    });
  });
  const subscribed = broker.parts.broker.source.subscribe(destination, options);
  // It is ended with the broker's other connections; nobody else asks for its failure then.
  subscribed.catch(() => undefined);
  try {
    await Promise.race([subscribed, late]);
  } finally {
    cancel();
  }
}
