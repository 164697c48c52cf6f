import type { Endpoint } from './broker-url.js';

/** RabbitMQ has one of this name, and refuses one that it does not know; the others do not care. */
const defaultVirtualHost = '/';

/** Name, password and virtual host at the broker, unless its address says them. */
export interface Login {
  readonly login?: string | undefined;
  readonly passcode?: string | undefined;
  readonly virtualHost?: string | undefined;
}

/** Headers of CONNECT, but for those that stompjs adds. */
export function connectHeaders(endpoint: Endpoint, otherwise: Login): Record<string, string> {
  const login = endpoint.login ?? otherwise.login;
  const passcode = endpoint.passcode ?? otherwise.passcode;
  return {
    host: endpoint.virtualHost ?? otherwise.virtualHost ?? defaultVirtualHost,
    ...(login === undefined ? {} : { login }),
    ...(passcode === undefined ? {} : { passcode }),
  };
}
