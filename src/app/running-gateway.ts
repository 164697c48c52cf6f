/** What already answers where a gateway is, or would be: found by GET /version, and by the name of its broker. */
import type { Configuration } from '#schema/configuration.js';
import { callHttp } from './gateway-client/http-call.js';
import type { Credentials } from './gateway-client/credentials.js';
import { connectBroker } from './library/connect-broker.js';
import { httpTlsFiles, readTlsFiles } from './tls-files.js';

/** What a gateway says of itself. */
export interface RunningGateway {
  readonly version: string;
  /** What its broker calls itself; null while it is away. */
  readonly brokerName: string | null;
  /** Where its broker is, as `brokerAddress` writes it; undefined when it does not say. */
  readonly brokerUrl: string | undefined;
}

/** Undefined when nobody answers within the deadline, or somebody who is no gateway. */
export async function findGateway(
  base: URL,
  deadlineMs: number,
  { headers, tls }: Partial<Credentials> = {},
): Promise<RunningGateway | undefined> {
  try {
    const call = { method: 'GET', base, path: '/version', deadlineMs, headers: headers ?? {} } as const;
    const first = await callHttp({ ...call, tls: tls ?? {} });
    // It is one all the same when it does not know the token.
    const { body } = first.status === 401 ? await callHttp({ ...call, headers: {}, tls: tls ?? {} }) : first;
    const facts = JSON.parse(body.toString('utf8')) as Readonly<Record<string, unknown>>;
    const { name, version, broker, brokerUrl } = facts;
    if (name !== 'replyto' || typeof version !== 'string') return undefined;
    return {
      version,
      brokerName: typeof broker === 'string' ? broker : null,
      brokerUrl: typeof brokerUrl === 'string' ? brokerUrl : undefined,
    };
  } catch {
    // Nobody, somebody else, or no JSON: no gateway in any case.
    return undefined;
  }
}

/** By what a broker calls itself. */
export function isEmbeddedBroker(server: string | undefined): boolean {
  return server?.startsWith('replyto-embedded') === true;
}

/** Whether the embedded broker of a gateway on this machine answers at the port within the deadline. */
export async function findEmbeddedBroker(port: number, deadlineMs: number): Promise<boolean> {
  try {
    const broker = await connectBroker({ url: `stomp://127.0.0.1:${port}`, connectTimeoutMs: deadlineMs });
    await broker.close(deadlineMs);
    return isEmbeddedBroker(broker.server);
  } catch {
    // Nobody, somebody else, or a broker that wants a login: none of ours in any case.
    return false;
  }
}

const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };

/** Where a gateway of these settings answers, seen from this machine. */
export function listenUrl({
  host,
  port,
  tlsCertFile,
}: Pick<Configuration['http'], 'host' | 'port' | 'tlsCertFile'>): URL {
  const scheme = tlsCertFile === undefined ? 'http' : 'https';
  return new URL(`${scheme}://${everywhere[host] ?? (host.includes(':') ? `[${host}]` : host)}:${port}`);
}

/**
 * Trusts exactly the certificate of these settings, whatever names stand in it: a gateway of this machine is not called
 * by them.
 */
export function trustOwn(http: Configuration['http']): Credentials['tls'] {
  if (http.tlsCertFile === undefined) return {};
  const read = readTlsFiles({ cert: httpTlsFiles({ http }).cert });
  const ca = read.ok ? read.material.cert : undefined;
  return {
    ...(ca === undefined ? {} : { ca }),
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
  };
}
