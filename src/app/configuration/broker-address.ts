/** Where a broker is, as anybody may know it; by it two processes tell whether they mean the same one. */
import type { Endpoint } from '#adapters/stomp/broker-url.js';
import { describeEndpoint, parseBrokerUrl } from '#adapters/stomp/broker-url.js';
import type { Configuration } from '#schema/configuration.js';

const unknownPort = 'embedded:';

/**
 * Transport, host and port of a broker, `stomp://broker:61613`, of several in `failover:(…,…)`; no login, password
 * or parameters. The embedded one is on 127.0.0.1; `embedded:` when it takes a port of its own choice.
 *
 * @throws INVALID_ARGUMENT for an address that cannot be read; a loaded configuration has none
 */
export function brokerAddress({ url, port }: Pick<Configuration['broker'], 'url' | 'port'>): string {
  if (url === 'embedded:') return port === 0 ? unknownPort : `stomp://127.0.0.1:${port}`;
  const [first = unknownPort, ...others] = parseBrokerUrl(url).endpoints.map(withoutParameters);
  return others.length === 0 ? first : `failover:(${[first, ...others].join(',')})`;
}

function withoutParameters(endpoint: Endpoint): string {
  return describeEndpoint({ ...endpoint, path: endpoint.path.split('?')[0] ?? '' });
}

const ownMachine = 'stomp://localhost:';

/**
 * Whether two addresses of {@link brokerAddress} may be of one broker: written alike but for upper and lower case,
 * names of this machine and their order. `embedded:` may be anyone on this machine.
 */
export function isSameBrokerAddress(one: string, other: string): boolean {
  const [left, right] = [comparableAddress(one), comparableAddress(other)];
  if (left === right) return true;
  return (
    (left === unknownPort && right.startsWith(ownMachine)) ||
    (right === unknownPort && left.startsWith(ownMachine))
  );
}

/** Alike for addresses that are written differently and mean the same. */
export function comparableAddress(address: string): string {
  const list = /^failover:\((?<list>.*)\)$/u.exec(address)?.groups?.['list'] ?? address;
  return list
    .toLowerCase()
    .split(',')
    .map((part) => part.replace(/\/\/(?:127\.0\.0\.1|\[::1\]):/u, '//localhost:'))
    .sort()
    .join(',');
}
