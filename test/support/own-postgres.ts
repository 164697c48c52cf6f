/**
 * A PostgreSQL of its own for a test that stops, kills and restarts it: a new cluster on a free port of 127.0.0.1, which
 * asks for no password. Nothing else on the machine is touched, and it ends with the process that started it.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { chown } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import pg from 'pg';
import { freePort } from './free-port.js';
import type { RunningProcess, SystemUser } from './process.js';
import { startProcess } from './process.js';
import { makeTemporaryFolder } from './temporary-folder.js';
import { until, within } from './until.js';

export interface OwnPostgres {
  /** Of its database `postgres`; the same after a restart. `createTestDatabase` takes it. */
  readonly url: string;
  readonly port: number;
  readonly version: string;
  /** Process id of the server now running. */
  readonly pid: number;
  /** kill -9; resolves when it is gone, and with it those that served its connections, which notice and end on their own. */
  kill(): Promise<void>;
  /** `pg_ctl stop -m immediate`: cuts all connections and writes nothing back; resolves when it has ended. */
  abort(): Promise<void>;
  /** Starts it again on the same port and data, after aborting it where it still runs; resolves when it answers. */
  restart(): Promise<void>;
  /** What it has said since the last start. */
  output(): string;
  /** Ends it for good, and removes what it made. */
  remove(): Promise<void>;
}

export interface OwnPostgresOptions {
  /** An empty folder for its tables; default a temporary one. Nobody removes what it leaves in a folder that was given. */
  readonly dataFolder?: string;
  /** The same for its log of changes (WAL), without which it does not run at all. */
  readonly walFolder?: string;
  /** As in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
}

const startWithinMs = 60_000;
/** A test needs no more, and a small disk has to hold it. */
const smallSettings = {
  shared_buffers: '16MB',
  max_wal_size: '64MB',
  min_wal_size: '8MB',
  wal_level: 'minimal',
};

/** @returns why there is none, in words, where its programs are not installed or may not be run */
export async function startOwnPostgres(
  options: OwnPostgresOptions = {},
): Promise<OwnPostgres | { readonly unavailable: string }> {
  const programs = programsFolder();
  if (programs === undefined) {
    return { unavailable: 'no programs of a PostgreSQL server (initdb, postgres) are installed' };
  }
  const found = serverUser();
  if (found === 'none') return { unavailable: 'PostgreSQL does not run as root, and no other user is there' };
  const user = found;

  const folder = await makeTemporaryFolder();
  const folders = [folder.path, options.dataFolder ?? [], options.walFolder ?? []].flat();
  const data = join(options.dataFolder ?? folder.path, 'data');
  const wal = join(options.walFolder ?? folder.path, 'wal');
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const processOptions = {
    cwd: folder.path,
    env: { LC_ALL: 'C' },
    ...(user === undefined ? {} : { user }),
  };

  async function make(): Promise<void> {
    if (user !== undefined) for (const path of folders) await chown(path, user.uid, user.gid);
    const parameters = ['-D', data, '-X', wal, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8'];
    const child = startProcess(
      join(programs!, 'initdb'),
      [...parameters, '--locale=C', '--no-sync', '--wal-segsize=1'],
      processOptions,
    );
    const { code } = await child.exited;
    if (code !== 0) throw new Error(`initdb failed; it said:\n${child.output()}`);
  }

  async function launch(): Promise<RunningProcess> {
    const settings = {
      ...{
        port: String(port),
        listen_addresses: '127.0.0.1',
        unix_socket_directories: '',
        max_wal_senders: '0',
      },
      ...smallSettings,
      ...options.settings,
    };
    const child = startProcess(
      join(programs!, 'postgres'),
      ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      { ...processOptions, name: 'PostgreSQL' },
    );
    await until(async () => child.hasExited() || (await versionOf(url)), {
      what: 'PostgreSQL to answer',
      withinMs: startWithinMs,
    });
    if (child.hasExited()) throw new Error(`PostgreSQL ended; it said:\n${child.output()}`);
    return child;
  }

  /** Those that serve connections hold its output open, so this is their end, too. */
  async function end(signal: NodeJS.Signals): Promise<void> {
    current.kill(signal);
    await within(current.exited, { what: `the end of PostgreSQL after ${signal}` });
  }

  let current: RunningProcess;
  let version: string;
  try {
    await make();
    current = await launch();
    version = await versionOf(url);
  } catch (error) {
    await folder.remove();
    throw error;
  }
  return {
    ...{ url, port, version },
    get pid() {
      return current.pid;
    },
    kill: () => end('SIGKILL'),
    abort: () => end('SIGQUIT'),
    async restart() {
      await end('SIGQUIT');
      current = await launch();
    },
    output: () => current.output(),
    async remove() {
      await end('SIGINT').catch(() => end('SIGKILL'));
      await folder.remove();
    },
  };
}

/** Debian and Red Hat keep each version in a folder of its own, which is not on the path; the newest is taken. */
function programsFolder(): string | undefined {
  const debian = foldersIn('/usr/lib/postgresql').map((version) =>
    join('/usr/lib/postgresql', version, 'bin'),
  );
  const redHat = foldersIn('/usr').filter((name) => name.startsWith('pgsql-'));
  const candidates = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    ...debian,
    ...redHat.map((name) => join('/usr', name, 'bin')),
  ];
  return candidates.find((path) => ['initdb', 'postgres'].every((name) => existsSync(join(path, name))));
}

/** The highest number first. */
function foldersIn(path: string): string[] {
  const numberIn = (name: string): number => Number(/\d+/u.exec(name)?.[0] ?? 0);
  if (!existsSync(path)) return [];
  return readdirSync(path).sort((one, other) => numberIn(other) - numberIn(one));
}

/** The server refuses to run as root; undefined where the tests do not, either. */
function serverUser(): SystemUser | 'none' | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  }
  return 'none';
}

async function versionOf(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
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
