import { join } from 'node:path';
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

  async function launch(port: string): Promise<{ child: RunningProcess; port: string }> {
    const child = startSource('test/support/programs/embedded-broker.ts', [file, port]);
    const [, given = ''] = await child.line(/listening on (\d+)/u);
    return { child, port: given };
  }

  const first = await launch('0');
  let { child } = first;
  return {
    url: `stomp://127.0.0.1:${first.port}`,
    get pid() {
      return child.pid;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await child.exited;
    },
    restart: async () => {
      await child.stop();
      ({ child } = await launch(first.port));
    },
    stop: async () => {
      await child.stop();
      await folder.remove();
    },
  };
}
