/** A service as a process of its own, see programs/service.ts. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningProcess } from '../../support/process.js';
import { startSource } from '../../support/process.js';
import { makeTemporaryFolder } from '../../support/temporary-folder.js';
import type { Run } from '../runs.js';
import { readRuns } from '../runs.js';

export interface ChaosService {
  readonly pid: number;
  /** kill -9 */
  kill(): Promise<void>;
  /** With what it remembers. */
  restart(): Promise<void>;
  /** All runs of its handlers so far. */
  runs(): Run[];
  remove(): Promise<void>;
}

export interface ServiceOptions {
  readonly brokerUrl: string;
  readonly prefix: string;
  readonly queues: readonly string[];
}

const startWithinMs = 60_000;

export async function startChaosService({
  brokerUrl,
  prefix,
  queues,
}: ServiceOptions): Promise<ChaosService> {
  const folder = await makeTemporaryFolder();

  async function launch(): Promise<RunningProcess> {
    const parameters = [brokerUrl, prefix, folder.path, ...queues];
    const started = startSource('test/chaos/programs/service.ts', parameters);
    await started.line(/serving/u, startWithinMs);
    return started;
  }

  let child = await launch().catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });
  return {
    get pid() {
      return child.pid;
    },
    async kill() {
      child.kill('SIGKILL');
      await child.exited;
    },
    async restart() {
      await child.stop();
      child = await launch();
    },
    runs() {
      const file = join(folder.path, 'runs');
      return existsSync(file) ? readRuns(readFileSync(file, 'utf8')) : [];
    },
    async remove() {
      await child.stop();
      await folder.remove();
    },
  };
}
