import type { Store } from '#adapters/store/store.js';
import type { Logger } from '#core/ports/logger.js';
import type { Configuration } from '#schema/configuration.js';
import { brokerAddress, isSameBrokerAddress } from './configuration/broker-address.js';

export interface BrokerChangeOptions {
  readonly store: Pick<Store, 'rememberBroker' | 'requests'>;
  readonly broker: Pick<Configuration['broker'], 'url' | 'port'>;
  readonly logger: Logger;
}

const embedded = 'embedded:';

/**
 * Warns when a data folder is used with another broker than before while requests are open that were sent there: their
 * replies come to the queue of that broker, where nobody takes them now.
 *
 * @throws STORE_UNAVAILABLE
 */
export async function warnOfBrokerChange({ store, broker, logger }: BrokerChangeOptions): Promise<void> {
  // Its port may change; its queues are in the data folder.
  const now = broker.url === embedded ? embedded : brokerAddress(broker);
  const before = await store.rememberBroker(now);
  if (before === null || isSame(before, now)) return;
  const { pending, unsent } = await store.requests.counts();
  if (pending === unsent) return;
  logger.warn(
    { before, now, requests: pending - unsent },
    `${pending - unsent} requests were sent by way of ${before} and are not answered: their replies come there, and are ` +
      'only taken when the gateway runs with that broker again; otherwise they expire',
  );
}

function isSame(before: string, now: string): boolean {
  return before === now || (before !== embedded && now !== embedded && isSameBrokerAddress(before, now));
}
