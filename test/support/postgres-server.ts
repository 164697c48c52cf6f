/** A PostgreSQL of its own for tests that kill it: a process on a fixed port, with data that outlives it. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.js';
import type { ProcessOptions, RunningProcess } from './process.js';
import { startProcess } from './process.js';
import { makeTemporaryFolder } from './temporary-folder.js';
import { until, within } from './until.js';

export interface PostgresServer {
  /** Of an empty database. */
  readonly url: string;
  readonly version: string;
  /** Of the process that started the others. */
  readonly pid: number;
  /** kill -9 of that process; the others end when they miss it. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after ending it in order where it still runs; resolves when it answers. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const installed = '/usr/lib/postgresql';
const startWithinMs = 60_000;
const stopWithinMs = 20_000;

/** @returns why there is none, in words */
export async function startPostgres(): Promise<PostgresServer | { readonly unavailable: string }> {
  const programs = findPrograms();
  if (programs === null) return { unavailable: `no programs of PostgreSQL in ${installed}` };
  const user = unprivilegedUser();
  if (user === null) {
    return { unavailable: 'PostgreSQL does not run as root, and there is no user postgres or nobody' };
  }
  const folder = await makeTemporaryFolder();
  try {
    return await startIn(folder.path, { programs, user, remove: () => folder.remove() });
  } catch (error) {
    await folder.remove();
    return {
      unavailable: `PostgreSQL did not start: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

interface Place {
  /** Folder of the programs. */
  readonly programs: string;
  /** Undefined: whoever runs the tests. */
  readonly user: ProcessOptions['user'];
  readonly remove: () => Promise<void>;
}

async function startIn(folder: string, { programs, user, remove }: Place): Promise<PostgresServer> {
  if (user !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const options: ProcessOptions = { cwd: folder, user, env: { LC_ALL: 'C' } };
  const making = startProcess(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'root', '-A', 'trust', '-E', 'UTF8'],
    {
      ...options,
      name: 'initdb',
    },
  );
  const { code } = await within(making.exited, { what: 'the end of initdb', withinMs: startWithinMs });
  if (code !== 0) throw new Error(making.output());
  const port = await freePort();
  const url = `postgres://root@127.0.0.1:${port}/postgres`;
  const parameters = ['-D', data, '-p', String(port), '-k', folder, '-c', 'listen_addresses=127.0.0.1'];

  async function launch(): Promise<RunningProcess> {
    const deadlineAt = performance.now() + startWithinMs;
    for (;;) {
      const child = startProcess(join(programs, 'postgres'), parameters, { ...options, name: 'postgres' });
      const version = await until(async () => (child.hasExited() ? 'none' : versionAt(url)), {
        what: 'PostgreSQL to answer',
        withinMs: startWithinMs,
      });
      if (version !== 'none' && !child.hasExited()) return child;
      // The processes of one that was killed end a moment later, and hold its memory until then.
      const isHeld = child.output().includes('pre-existing shared memory block');
      if (!isHeld || performance.now() > deadlineAt) throw new Error(child.output());
    }
  }

  let child = await launch();
  const version = await versionAt(url);
  return {
    url,
    version,
    get pid() {
      return child.pid;
    },
    async kill() {
      child.kill('SIGKILL');
      await child.exited;
    },
    async restart() {
      await child.stop(stopWithinMs);
      child = await launch();
    },
    async stop() {
      // Fast shutdown: SIGTERM would wait for every client.
      child.kill('SIGINT');
      await child.stop(stopWithinMs);
      await remove();
    },
  };
}

/** Those of the newest version. */
function findPrograms(): string | null {
  if (!existsSync(installed)) return null;
  const versions = readdirSync(installed).filter((name) =>
    existsSync(join(installed, name, 'bin', 'postgres')),
  );
  const newest = versions.map(Number).sort((one, other) => other - one)[0];
  return newest === undefined ? null : join(installed, String(newest), 'bin');
}

/** PostgreSQL refuses to run as root. Undefined: nobody is root here. Null: there is nobody else. */
function unprivilegedUser(): ProcessOptions['user'] | null {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return null;
}

async function versionAt(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // It may be killed while it answers.
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string }>(
      `SELECT current_setting('server_version') AS version`,
    );
    return rows[0]?.version ?? 'unknown';
  } finally {
    await client.end();
  }
}
