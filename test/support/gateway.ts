import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createDeployment } from '#app/deployment.js';
import { loadConfiguration } from '#app/configuration/load.js';
import { connectBroker } from '#app/library/connect-broker.js';
import type { Broker } from '#app/library/connect-broker.js';
import type { Database } from '#adapters/sqlite/database.js';
import { openDatabase } from '#adapters/sqlite/database.js';
import type { Logger } from '#core/ports/logger.js';
import { silentLogger } from '#core/ports/logger.js';
import { makeTemporaryFolder } from './temporary-folder.js';

/** A gateway inside of the test's process, with a broker connection for the services of the test. */
export interface TestGateway {
  readonly url: string;
  readonly brokerUrl: string;
  readonly broker: Broker;
  /** Its own on a shared broker. */
  readonly prefix: string;
  /** Errors that would have ended the process. */
  readonly fatal: readonly unknown[];
  /** Ends it, reads its store, which nobody else may open while it runs, and removes its data. */
  endAndRead<T>(read: (store: Database) => T): Promise<T>;
  /** `deadlineMs` is for the deployment; default 5 s. */
  stop(deadlineMs?: number): Promise<void>;
}

export interface TestGatewayOptions {
  /** Default: the embedded broker on a free port. */
  readonly brokerUrl?: string;
  /** Where the services of the test connect; default where the gateway does. */
  readonly connectUrl?: string;
  /** As environment variables. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: silent. */
  readonly logger?: Logger;
}

export async function startGateway(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = await makeTemporaryFolder();
  const prefix = `t-${randomUUID()}`;
  const loaded = loadConfiguration({
    environment: {
      PORT: '0',
      BROKER_PORT: '0',
      DATA_DIR: folder.path,
      REPLYTO_PREFIX: prefix,
      ...(options.brokerUrl === undefined ? {} : { BROKER_URL: options.brokerUrl }),
      ...options.settings,
    },
    workingFolder: folder.path,
  });
  const fatal: unknown[] = [];
  const deployment = createDeployment({
    loaded,
    logger: options.logger ?? silentLogger,
    onFatal: (error) => fatal.push(error),
  });
  const { httpUrl, brokerUrl } = await deployment.start();
  const broker = await connectBroker({ url: options.connectUrl ?? brokerUrl, prefix, logger: silentLogger });
  async function end(deadlineMs = 5_000): Promise<void> {
    await broker.close();
    await deployment.stop(deadlineMs);
  }

  return {
    url: httpUrl,
    brokerUrl,
    broker,
    prefix,
    fatal,
    async endAndRead(read) {
      await end();
      const store = openDatabase({ path: join(folder.path, 'replyto.db') });
      try {
        return read(store);
      } finally {
        store.close();
        await folder.remove();
      }
    },
    async stop(deadlineMs) {
      await end(deadlineMs);
      await folder.remove();
    },
  };
}

/** A queue that no other test uses. */
export function uniqueName(purpose: string): string {
  return `${purpose}.${randomUUID()}`;
}
