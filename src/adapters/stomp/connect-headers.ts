import type { Endpoint } from './broker-url.js';

/** Name and password at the broker, unless its address says them. */
export interface Login {
  readonly login?: string | undefined;
  readonly passcode?: string | undefined;
}

/** Headers of CONNECT, but for those that stompjs adds. */
export function connectHeaders(endpoint: Endpoint, otherwise: Login): Record<string, string> {
  const login = endpoint.login ?? otherwise.login;
  const passcode = endpoint.passcode ?? otherwise.passcode;
  return {
    host: endpoint.virtualHost,
    ...(login === undefined ? {} : { login }),
    ...(passcode === undefined ? {} : { passcode }),
  };
}
