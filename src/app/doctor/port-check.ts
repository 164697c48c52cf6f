import { createServer } from 'node:net';
import type { CheckName, Finding } from './finding.js';

export interface PortCheckOptions {
  readonly check: CheckName;
  readonly host: string;
  readonly port: number;
  /** How another is chosen: `--port or PORT`. */
  readonly settings: string;
  /** What of this product listens there; undefined when it is somebody else. Only asked when the port is taken. */
  readonly whoListens: () => Promise<string | undefined>;
}

/** Whether a start could listen there, or a gateway does already. */
export async function checkPort(options: PortCheckOptions): Promise<Finding> {
  const { check, host, port, settings, whoListens } = options;
  if (port === 0) return { check, state: 'ok', says: 'a free one is taken at the start' };
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const failure = await listenFailure(host, port);
  if (failure === undefined) return { check, state: 'ok', says: `${address} is free` };
  const { code } = failure;
  if (code === 'EADDRINUSE') {
    const known = await whoListens();
    if (known !== undefined) return { check, state: 'ok', says: `${address} is taken by ${known}` };
    return {
      check,
      state: 'wrong',
      says: `${address} is taken by another program`,
      remedy: `stop that program, or choose another port with ${settings}`,
      code: 'PORT_TAKEN',
    };
  }
  return {
    check,
    state: 'wrong',
    says: `nobody can listen on ${address}: ${failure.message}`,
    remedy:
      code === 'EACCES'
        ? `this user may not use ports below 1024: choose another with ${settings}`
        : 'choose an address of this machine',
    code: 'INVALID_CONFIGURATION',
  };
}

function listenFailure(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
