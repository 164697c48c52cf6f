import { join } from 'node:path';
import { freePort } from './free-port.js';
import type { RunningProcess } from './process.js';
import { startSource } from './process.js';
import { makeTemporaryFolder } from './temporary-folder.js';

/** The embedded broker in a process of its own, on a fixed port with data that outlives the process. */
export interface EmbeddedProcess {
  readonly url: string;
  readonly pid: number;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after ending it in order where it still runs. */
  restart(): Promise<void>;
  /** Ends it in order and removes its data. */
  stop(): Promise<void>;
}

export async function startEmbeddedProcess(): Promise<EmbeddedProcess> {
  const folder = await makeTemporaryFolder();
  const file = join(folder.path, 'broker.db');

  const port = await freePort();

  async function launch(): Promise<RunningProcess> {
    const started = startSource('test/support/programs/embedded-broker.ts', [file, String(port)]);
    await started.line(/listening on/u);
    return started;
  }

  let child = await launch();
  return {
    url: `stomp://127.0.0.1:${port}`,
    get pid() {
      return child.pid;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await child.exited;
    },
    restart: async () => {
      await child.stop();
      child = await launch();
    },
    stop: async () => {
      await child.stop();
      await folder.remove();
    },
  };
}
