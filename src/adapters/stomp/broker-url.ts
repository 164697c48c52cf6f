import { ReplytoError, toProblem } from '#core/errors.js';

/** One address of a broker. */
export interface Endpoint {
  readonly transport: 'tcp' | 'websocket';
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** WebSocket path with its query; `/` over TCP. */
  readonly path: string;
  /** STOMP `host` header, where the address names a virtual host. */
  readonly virtualHost: string | undefined;
  readonly login: string | undefined;
  readonly passcode: string | undefined;
}

export interface BrokerAddress {
  /** Tried in turn; at least one. */
  readonly endpoints: readonly Endpoint[];
  /** Start at a random endpoint instead of the first. */
  readonly randomize: boolean;
}

/** What an address may be, apart from `embedded:`. */
export const brokerUrlForms =
  'stomp://host:port, stomps://host:port, ws://host:port/path, wss://host:port/path or failover:(url,url)?randomize=true';

const defaultPorts: Readonly<Record<string, number>> = { stomp: 61613, stomps: 61614, ws: 80, wss: 443 };

/** Schemes of what else brokers speak, which people have at hand; what that is, and the address they need. */
const otherSchemes: Readonly<Record<string, readonly [string, string]>> = {
  tcp: ['OpenWire', 'stomp'],
  nio: ['OpenWire', 'stomp'],
  ssl: ['OpenWire over TLS', 'stomps'],
  amqp: ['AMQP', 'stomp'],
  amqps: ['AMQP over TLS', 'stomps'],
};

/**
 * Reads a broker address. `user:password@` gives the login, a path of `stomp://` the virtual host.
 *
 * @throws INVALID_ARGUMENT naming `broker.url`; the password never stands in the error. What it says is allowed quotes
 *   nothing of the address but a host that has no login before it.
 */
export function parseBrokerUrl(url: string): BrokerAddress {
  const failover = /^failover:\(?(?<list>[^()?]*)\)?(?:\?(?<query>.*))?$/u.exec(url.trim());
  if (failover === null) return { endpoints: [parseEndpoint(url.trim(), url)], randomize: false };
  const { list = '', query = '' } = failover.groups ?? {};
  const parameters = new URLSearchParams(query);
  for (const name of parameters.keys()) {
    if (name !== 'randomize') throw refused(url, 'failover knows one parameter, randomize');
  }
  const endpoints = list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => parseEndpoint(part, url));
  if (endpoints.length === 0) throw refused(url, formsFor(url));
  return { endpoints, randomize: parameters.get('randomize') === 'true' };
}

/** `whole` is the address it stands in: a comma in a password has cut it in two. */
function parseEndpoint(text: string, whole: string): Endpoint {
  if (!/^(stomps?|wss?):\/\/[^/]/iu.test(text) || !URL.canParse(text)) {
    throw refused(whole, reasonOf(text) ?? formsFor(whole));
  }
  const parsed = new URL(text);
  const scheme = parsed.protocol.slice(0, -1);
  const isWebSocket = scheme.startsWith('ws');
  if (!isWebSocket && parsed.search !== '') throw refused(whole, `${scheme}:// takes no parameters`);
  // A `#` in a password would silently cut the address in two.
  if (text.includes('#')) throw refused(whole, 'an address without #; in a password write %23');
  const host = parsed.hostname.replace(/^\[|\]$/gu, '');
  const path = parsed.pathname === '' ? '/' : parsed.pathname;
  return {
    transport: isWebSocket ? 'websocket' : 'tcp',
    tls: scheme === 'stomps' || scheme === 'wss',
    host,
    port: parsed.port === '' ? (defaultPorts[scheme] ?? 61613) : Number(parsed.port),
    path: `${path}${parsed.search}`,
    virtualHost: !isWebSocket && path !== '/' ? decoded(whole, path.slice(1)) : undefined,
    login: parsed.username === '' ? undefined : decoded(whole, parsed.username),
    passcode: parsed.password === '' ? undefined : decoded(whole, parsed.password),
  };
}

/** What is wrong with an address of a common mistake. */
function reasonOf(text: string): string | undefined {
  const scheme = /^([a-z]+):\/\//iu.exec(text)?.[1]?.toLowerCase() ?? '';
  const other = Object.hasOwn(otherSchemes, scheme) ? otherSchemes[scheme] : undefined;
  if (other !== undefined) {
    const [protocol, wanted] = other;
    const host = /^[a-z]+:\/\/([\w.-]+)(?::\d+)?\/?$/iu.exec(text)?.[1] ?? 'host';
    return `${scheme}:// is ${protocol} and this speaks STOMP: use ${wanted}://${host}:${defaultPorts[wanted]}`;
  }
  const port = /^(?:stomps?|wss?):\/\/(?:.*@)?[^@:/]+:(\d+)(?:\/|$)/iu.exec(text)?.[1];
  return Number(port) > 65_535 ? 'a port from 1 to 65535' : undefined;
}

function formsFor(url: string): string {
  const aboutLogins = '; special characters of login and password are percent-encoded';
  return `${brokerUrlForms}${url.includes('@') ? aboutLogins : ''}`;
}

function decoded(url: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused(url, 'valid percent-encoding in name, password and path');
  }
}

/** The address for logs and error messages: without login and passcode. */
export function describeEndpoint({ transport, tls, host, port, path }: Endpoint): string {
  const scheme = transport === 'tcp' ? (tls ? 'stomps' : 'stomp') : tls ? 'wss' : 'ws';
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return `${scheme}://${shownHost}:${port}${transport === 'websocket' ? path : ''}`;
}

/** Where there may be a password, nothing of the address is shown but its scheme. */
function refused(url: string, what: string): ReplytoError {
  const scheme = /^(?:failover:\(?)?(?:(?:stomps?|wss?):\/\/)?/iu.exec(url.trim())?.[0] ?? '';
  const shown = url.includes('@') ? `${scheme}***` : url;
  return new ReplytoError('INVALID_ARGUMENT', { problems: [toProblem('broker.url', shown, what)] });
}
