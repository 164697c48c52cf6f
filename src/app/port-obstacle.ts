/** Whether this process could listen on a port, and what to do when it cannot. Asked before anything is made. */
import { createServer } from 'node:net';
import type { ErrorCode } from '#core/error-kinds.js';
import type { Configuration } from '#schema/configuration.js';
import { findGateway, listenUrl, trustOwn } from './running-gateway.js';

export interface PortOptions {
  readonly host: string;
  /** 0, a free one of the system's choice, is never in the way. */
  readonly port: number;
  /** How another is chosen: `--port or PORT`. */
  readonly settings: string;
  /** What else may be meant when another program has it. */
  readonly otherwise?: string;
  /** What of this product listens there; undefined when it is somebody else. Only asked when the port is taken. */
  readonly whoListens: () => Promise<string | undefined>;
}

export interface PortObstacle {
  readonly code: Extract<ErrorCode, 'PORT_TAKEN' | 'INVALID_CONFIGURATION'>;
  /** `127.0.0.1:8080 is taken by another program` */
  readonly says: string;
  readonly remedy: string;
  /** This product listens there already. */
  readonly isOurs: boolean;
}

/** The port of HTTP; whoever listens there is asked within the deadline whether it is a gateway. */
export function httpPort(http: Configuration['http'], answerMs: number): PortOptions {
  const { host, port } = http;
  return {
    host,
    port,
    settings: '--port or PORT',
    async whoListens() {
      const running = await findGateway(listenUrl(http), answerMs, { tls: trustOwn(http) });
      return running === undefined ? undefined : `a running gateway (replyto ${running.version})`;
    },
  };
}

/** `isOurs`: whether what listens there is the embedded broker of a gateway. */
export function embeddedBrokerPort(
  { port }: Configuration['broker'],
  isOurs: () => Promise<boolean>,
): PortOptions {
  return {
    host: '127.0.0.1',
    port,
    settings: '--broker-port or BROKER_PORT',
    otherwise: `if that is your ActiveMQ, use it instead: BROKER_URL=stomp://127.0.0.1:${port}`,
    whoListens: async () => ((await isOurs()) ? 'the broker of a running gateway' : undefined),
  };
}

/** Listens there for a moment; undefined when that went well. */
export async function portObstacle(options: PortOptions): Promise<PortObstacle | undefined> {
  const { host, port, settings, whoListens } = options;
  if (port === 0) return undefined;
  const failure = await listenFailure(host, port);
  if (failure === undefined) return undefined;
  const address = addressInWords(host, port);
  if (failure.code === 'EADDRINUSE') {
    const known = await whoListens();
    return {
      code: 'PORT_TAKEN',
      says: `${address} is taken by ${known ?? 'another program'}`,
      remedy: [
        `stop it, or choose another port with ${settings}`,
        ...(known === undefined && options.otherwise !== undefined ? [options.otherwise] : []),
      ].join('; '),
      isOurs: known !== undefined,
    };
  }
  return {
    code: 'INVALID_CONFIGURATION',
    says: `nobody can listen on ${address}: ${failure.message}`,
    remedy:
      failure.code === 'EACCES'
        ? `this user may not use ports below 1024: choose another with ${settings}`
        : 'choose an address of this machine',
    isOurs: false,
  };
}

/** `127.0.0.1:8080`, `[::1]:8080` */
export function addressInWords(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function listenFailure(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
