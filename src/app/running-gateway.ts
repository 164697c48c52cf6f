/** What already answers where a gateway is, or would be: found by GET /version, and by the name of its broker. */
import type { Configuration } from '#schema/configuration.js';
import { callHttp } from './gateway-client/http-call.js';
import { connectBroker } from './library/connect-broker.js';

/** What a gateway says of itself. */
export interface RunningGateway {
  readonly version: string;
  /** What its broker calls itself; null while it is away. */
  readonly brokerName: string | null;
  /** Where its broker is, as `brokerAddress` writes it; undefined when it does not say. */
  readonly brokerUrl: string | undefined;
}

/** Undefined when nobody answers within the deadline, or somebody who is no gateway. */
export async function findGateway(base: URL, deadlineMs: number): Promise<RunningGateway | undefined> {
  try {
    const { body } = await callHttp({ method: 'GET', base, path: '/version', deadlineMs });
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
export function listenUrl({ host, port }: Pick<Configuration['http'], 'host' | 'port'>): URL {
  return new URL(`http://${everywhere[host] ?? (host.includes(':') ? `[${host}]` : host)}:${port}`);
}
