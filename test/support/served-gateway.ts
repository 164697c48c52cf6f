import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';
import type { ProcessOptions, RunningProcess } from './process.js';
import { startProcess, startSource } from './process.js';
import { call } from './http.js';
import { makeTemporaryFolder } from './temporary-folder.js';
import { until } from './until.js';

/** `replyto serve` as a process of its own, on fixed ports and data that outlive it. */
export interface ServedGateway {
  readonly url: string;
  /** Of the embedded broker, or the one that was given. */
  readonly brokerUrl: string;
  readonly pid: number;
  /** Its data folder. */
  readonly folder: string;
  /** Resolves when the process that runs now has ended. */
  readonly ended: Promise<unknown>;
  /** kill -9 */
  kill(): Promise<void>;
  /** Starts it again on the same ports and data; `brokerUrl` puts another broker in its place. */
  restart(changes?: { readonly brokerUrl?: string }): Promise<void>;
  /** SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
  /** What it has written since its last start. */
  output(): string;
  /** The value of a metric of /metrics. */
  metric(name: string): Promise<number>;
}

export interface ServeOptions {
  /** Default: its embedded broker. */
  readonly brokerUrl?: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** What /readyz?verbose has to say before it counts as started; default that it receives replies. */
  readonly startedWhen?: string;
  /** The built package, as it is installed, with these flags of Node; default: the source. */
  readonly built?: { readonly nodeFlags: readonly string[] };
}

const builtMain = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

const startWithinMs = 60_000;

export async function serveGateway(options: ServeOptions = {}): Promise<ServedGateway> {
  const folder = await makeTemporaryFolder();
  const port = await freePort();
  const brokerPort = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let { brokerUrl } = options;
  const { built } = options;

  async function launch(): Promise<RunningProcess> {
    const processOptions: ProcessOptions = {
      cwd: folder.path,
      env: {
        PORT: String(port),
        BROKER_PORT: String(brokerPort),
        DATA_DIR: folder.path,
        LOG_LEVEL: 'warn',
        ...(brokerUrl === undefined ? {} : { BROKER_URL: brokerUrl }),
        ...options.settings,
      },
    };
    const child =
      built === undefined
        ? startSource('src/cli/main.ts', ['serve'], processOptions)
        : startProcess(process.execPath, [...built.nodeFlags, builtMain, 'serve'], {
            ...processOptions,
            name: 'replyto serve',
          });
    try {
      await until(
        async () => {
          if (child.hasExited()) return true;
          // Ready for calls is sooner than receiving replies, and tests cut the network at exact moments.
          return (await call(`${url}/readyz?verbose`)).text().includes(options.startedWhen ?? '[+] replies');
        },
        { what: 'the gateway to be ready', withinMs: startWithinMs },
      );
    } catch (error) {
      await child.stop();
      throw error;
    }
    if (child.hasExited()) throw new Error(`the gateway ended: ${child.output()}`);
    return child;
  }

  let child = await launch();
  return {
    url,
    folder: folder.path,
    get brokerUrl() {
      return brokerUrl ?? `stomp://127.0.0.1:${brokerPort}`;
    },
    get pid() {
      return child.pid;
    },
    get ended() {
      return child.exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await child.exited;
    },
    async restart(changes = {}) {
      brokerUrl = changes.brokerUrl ?? brokerUrl;
      await child.stop();
      child = await launch();
    },
    async stop() {
      await child.stop();
    },
    async remove() {
      await child.stop();
      await folder.remove();
    },
    output: () => child.output(),
    async metric(name) {
      const { body } = await call(`${url}/metrics`);
      const found = new RegExp(`^${name} (\\S+)$`, 'mu').exec(body.toString('utf8'));
      if (found === null) throw new Error(`no metric ${name}`);
      return Number(found[1]);
    },
  };
}
