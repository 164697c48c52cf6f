/** What gateways that share a store have to agree on. */
import { createHash } from 'node:crypto';
import type { AgreedSettings } from '#core/ports/instances.js';
import type { Configuration } from '#schema/configuration.js';
import { brokerAddress, comparableAddress } from './configuration/broker-address.js';

type Agreed = Pick<Configuration, 'prefix' | 'broker' | 'routes' | 'allow' | 'retention'>;

/** By the names of the settings. What is long stands there as its digest. */
export function agreedSettings(
  { prefix, broker, routes, allow, retention }: Agreed,
  instance: string,
): AgreedSettings {
  // An embedded broker is in one process: the replies to what it sends come to no other.
  const address =
    broker.url === 'embedded:' ? `embedded in ${instance}` : comparableAddress(brokerAddress(broker));
  return {
    prefix,
    'broker.url': address,
    routes: digestOf(routes),
    ...prefixed('allow', allow),
    ...prefixed('retention', retention),
  };
}

function prefixed(group: string, settings: object): AgreedSettings {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`${group}.${name}`, digestOf(value)]),
  );
}

function digestOf(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length <= 32 ? json : createHash('sha256').update(json).digest('base64url');
}
