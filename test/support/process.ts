import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { until, within } from './until.js';

export interface ProcessOptions {
  /** What it is called in errors; default the command. */
  readonly name?: string;
  readonly cwd?: string;
  /** Added to the environment of the tests; `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whose process it is; default that of the tests. Only root may give it to another. */
  readonly user?: SystemUser | undefined;
}

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child process whose output is kept and which never outlives the process that started it. */
export interface RunningProcess {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Both, in the order in which they came. */
  output(): string;
  /** Writes to its standard input. */
  write(text: string): void;
  /** Resolves when it has ended and its output is complete. */
  readonly exited: Promise<ProcessExit>;
  hasExited(): boolean;
  /**
   * Waits until its output has a match of the pattern.
   *
   * @throws Error with the output so far when the deadline passes (default 30 s) or the process ends first.
   */
  line(pattern: RegExp, withinMs?: number): Promise<RegExpExecArray>;
  /** Sends a signal to this process id only. */
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after `withinMs` (default 20 s); resolves when it has ended. */
  stop(withinMs?: number): Promise<ProcessExit>;
}

/** Node flags that run TypeScript of this repository, from any working directory. */
const sourceFlags = ['--conditions=replyto-source', '--import', import.meta.resolve('tsx')];

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Children that still run; the process ends them by their ids when it ends itself. */
const running = new Set<RunningProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function startProcess(
  command: string,
  parameters: readonly string[],
  options: ProcessOptions = {},
): RunningProcess {
  const name = options.name ?? command;
  const child = spawn(command, parameters, {
    cwd: options.cwd ?? repositoryRoot,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    ...options.user,
  });
  let stdout = '';
  let stderr = '';
  let output = '';
  let exit: ProcessExit | undefined;
  let failure: Error | undefined;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    output += text;
  });
  // Writing to a process that has just died is no failure of the test run.
  child.stdin.on('error', () => undefined);

  const exited = new Promise<ProcessExit>((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      exit = { code, signal };
      running.delete(handle);
      resolve(exit);
    };
    child.on('close', end);
    child.on('error', (error) => {
      failure = error;
      // A command that cannot be started closes nothing.
      if (child.pid === undefined) end(null, null);
    });
  });

  const handle: RunningProcess = {
    pid: child.pid ?? 0,
    stdout: () => stdout,
    stderr: () => stderr,
    output: () => output,
    write: (text) => void child.stdin.write(text),
    exited,
    hasExited: () => exit !== undefined,
    line: async (pattern, withinMs = 30_000) => {
      const what = `${pattern} in the output of ${name}`;
      try {
        const match = await until(() => pattern.exec(output) ?? exit, { what, withinMs });
        if (match !== exit) return match as RegExpExecArray;
      } catch (error) {
        throw new Error(`no ${what} within ${withinMs} ms; it said:\n${output}`, { cause: error });
      }
      throw new Error(`${name} ended (${describeExit(exit)}) without ${pattern}; it said:\n${output}`, {
        cause: failure,
      });
    },
    kill: (signal) => {
      // child.kill never signals an id that was reaped and given to somebody else.
      if (exit === undefined) child.kill(signal);
    },
    stop: async (withinMs = 20_000) => {
      handle.kill('SIGTERM');
      try {
        return await within(exited, { what: `the end of ${name}`, withinMs });
      } catch {
        handle.kill('SIGKILL');
        return await within(exited, { what: `the end of ${name} after SIGKILL` });
      }
    },
  };
  if (child.pid !== undefined) running.add(handle);
  return handle;
}

function describeExit(exit: ProcessExit | undefined): string {
  return exit?.signal ?? `exit code ${exit?.code ?? 'unknown'}`;
}

/** Starts a TypeScript file of this repository, path relative to its root, as `npm run` would. */
export function startSource(
  file: string,
  parameters: readonly string[] = [],
  options: ProcessOptions = {},
): RunningProcess {
  const script = fileURLToPath(new URL(`../../${file}`, import.meta.url));
  return startProcess(process.execPath, [...sourceFlags, script, ...parameters], { name: file, ...options });
}

/** What a suite starts; see {@link processes}. */
export interface SuiteProcesses {
  start: typeof startProcess;
  startSource: typeof startSource;
}

/** To be called inside `describe`: what a test starts by it is ended after that test, by process id. */
export function processes(): SuiteProcesses {
  const started = new Set<RunningProcess>();
  afterEach(async () => {
    const ending = [...started];
    started.clear();
    await Promise.all(ending.map((child) => (child.hasExited() ? child.exited : child.stop())));
  });
  const kept = (child: RunningProcess): RunningProcess => {
    started.add(child);
    return child;
  };
  return {
    start: (command, parameters, options) => kept(startProcess(command, parameters, options)),
    startSource: (file, parameters, options) => kept(startSource(file, parameters, options)),
  };
}
