import type { Express } from 'express';
import type { AddressInfo } from 'node:net';

/** On a free port of 127.0.0.1. */
export function listen(app: Express): Promise<{ readonly port: number }> {
  return new Promise((resolve, reject) => {
    const server = app.listen(0, '127.0.0.1', (error) => {
      if (error === undefined) resolve({ port: (server.address() as AddressInfo).port });
      else reject(error);
    });
    // Idle connections of the callers stay, as they do at the gateway.
    server.keepAliveTimeout = 65_000;
  });
}
