import { expect } from 'chai';
import { execFile, spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ProcessOptions, RunningProcess } from './process.js';
import { startSource } from './process.js';
import type { TemporaryFolder } from './temporary-folder.js';
import { makeTemporaryFolder } from './temporary-folder.js';

/** The command line as a child process, with nothing of the tests' own settings in its environment. */

const main = 'src/cli/main.ts';
const flags = ['--conditions=replyto-source', '--import', import.meta.resolve('tsx')];
const script = fileURLToPath(new URL(`../../${main}`, import.meta.url));

export type Variables = Readonly<Record<string, string | undefined>>;

const settings =
  /^(HOST|PORT|DATA_DIR|AUTH_TOKENS_FILE|NO_COLOR|npm_.*|(BROKER|STORE|LOG|OTEL|REPLYTO)_.*)$/u;

/** Takes away what the tests' own environment says to the product; for the `env` of a process. */
export function productFreeEnvironment(): Variables {
  const names = Object.keys(process.env).filter((name) => settings.test(name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}

export interface CliOptions {
  readonly env?: Variables;
  /** Piped into it; default nothing. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

export interface CliEnd {
  /** Null when it was killed, also by the deadline of 60 s. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end. */
export function cli(parameters: readonly string[], options: CliOptions = {}): Promise<CliEnd> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...flags, script, ...parameters],
      {
        env: { ...process.env, ...productFreeEnvironment(), ...options.env },
        timeout: 60_000,
        killSignal: 'SIGKILL',
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        resolve({ code, stdout, stderr });
      },
    );
    // A command need not read it.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/** Starts a command that goes on. */
export function startCli(
  parameters: readonly string[],
  options: Omit<ProcessOptions, 'env'> & { readonly env?: Variables } = {},
): RunningProcess {
  return startSource(main, parameters, {
    ...options,
    env: { ...productFreeEnvironment(), ...options.env },
  });
}

/** A command whose pipes the test itself holds; whoever starts it ends it. */
export function spawnCli(
  parameters: readonly string[],
  env: Variables = {},
): ChildProcessWithoutNullStreams & { readonly said: () => string; readonly saidBytes: () => Buffer } {
  const child = spawn(process.execPath, [...flags, script, ...parameters], {
    env: { ...process.env, ...productFreeEnvironment(), ...env },
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.resume();
  const saidBytes = (): Buffer => Buffer.concat(chunks);
  return Object.assign(child, { said: () => saidBytes().toString('utf8'), saidBytes });
}

/** `replyto dev` on free ports with data of its own. */
export interface Dev {
  readonly child: RunningProcess;
  readonly url: string;
  readonly brokerUrl: string;
  readonly dataDir: string;
  /** For commands that use it. */
  readonly env: Variables;
  stop(): Promise<void>;
}

export async function startDev(parameters: readonly string[] = []): Promise<Dev> {
  const folder: TemporaryFolder = await makeTemporaryFolder();
  const given = ['--port', '0', '--broker-port', '0', '--data-dir', folder.path];
  const child = startCli(['dev', ...given, ...parameters]);
  await child.line(/Ctrl-C ends it/u);
  const url = /HTTP {5}(?<url>\S+)/u.exec(child.stdout())?.groups?.['url'] ?? '';
  const brokerUrl = /broker {3}(?<url>\S+)/u.exec(child.stdout())?.groups?.['url'] ?? '';
  return {
    child,
    url,
    brokerUrl,
    dataDir: folder.path,
    env: { REPLYTO_URL: url, BROKER_URL: brokerUrl },
    stop: async () => {
      await child.stop();
      await folder.remove();
    },
  };
}

/** `replyto dev` for the tests of one suite, and commands that use its gateway and broker. */
export interface DevBench {
  readonly dev: Dev;
  readonly run: (parameters: readonly string[], options?: CliOptions) => Promise<CliEnd>;
}

/** To be called inside `describe`. */
export function devBench(): DevBench {
  let dev: Dev | undefined;
  before(async () => {
    dev = await startDev();
  });
  after(() => dev?.stop());
  const bench: DevBench = {
    get dev() {
      if (dev === undefined) throw new Error('the bench is for tests and their hooks');
      return dev;
    },
    run: (parameters, options = {}) =>
      cli(parameters, { ...options, env: { ...bench.dev.env, ...options.env } }),
  };
  return bench;
}

/** The command ended with this code, printed nothing, and said why in words. */
export function expectFailure(
  end: CliEnd,
  { code, says }: { readonly code: number; readonly says: RegExp },
): void {
  expect(end.stderr)
    .to.match(/^error: /u)
    .and.to.match(says);
  expect(end.stderr).not.to.match(/^\s+at /mu);
  expect(end).to.include({ code, stdout: '' });
}
