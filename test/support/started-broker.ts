import { join } from 'node:path';
import type { EmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { createEmbeddedBroker } from '#adapters/broker/embedded-broker.js';
import { systemClock } from '#app/system-clock.js';
import { makeTemporaryFolder } from './temporary-folder.js';

/** An embedded broker on a free port, for whole suites. */
export interface StartedBroker {
  readonly broker: EmbeddedBroker;
  /** `stomp://127.0.0.1:PORT` */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export async function startBroker(): Promise<StartedBroker> {
  const folder = await makeTemporaryFolder();
  const broker = createEmbeddedBroker({ path: join(folder.path, 'broker.db'), port: 0, clock: systemClock });
  const { port } = await broker.start();
  return {
    broker,
    url: `stomp://127.0.0.1:${port}`,
    async stop() {
      await broker.stop(2_000);
      await folder.remove();
    },
  };
}
