import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { within } from '../../test/support/until.js';
import type { Answer, Call, CallTable } from './calls.js';

/** A process that does what it is told by calls, and that ends with this one. */
export interface CalledProcess<Calls> {
  readonly pid: number;
  /** The call of that name; it rejects when the process ends before its answer. */
  readonly call: <Name extends keyof Calls>(name: Name) => Calls[Name];
  hasEnded(): boolean;
  stop(): Promise<void>;
}

export interface CalledProcessOptions {
  /** What it is called in errors: `the process of the clients`. */
  readonly what: string;
  /** Flags of Node; default those of this process. */
  readonly nodeFlags?: readonly string[];
}

const startWithinMs = 30_000;
const stopWithinMs = 5_000;

/** Starts a file that answers by `answerCalls`. @throws Error when it does not come up */
export async function startCalledProcess<Calls extends CallTable<Calls>>(
  file: URL,
  { what, nodeFlags = process.execArgv }: CalledProcessOptions,
): Promise<CalledProcess<Calls>> {
  const child = fork(fileURLToPath(file), { serialization: 'advanced', execArgv: [...nodeFlags] });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let calls = 0;
  let hasExited = false;
  const hasEnded = (): boolean => hasExited;
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      hasExited = true;
      resolve();
    });
    // Not started, or spoken to when it had gone: what was asked of it is rejected by itself.
    child.on('error', () => undefined);
  });
  const ready = new Promise<void>((resolve) => child.once('message', () => resolve()));
  child.on('message', (answer: Answer | 'ready') => {
    if (answer === 'ready') return;
    const waiter = waiting.get(answer.number);
    waiting.delete(answer.number);
    if ('error' in answer) waiter?.reject(new Error(answer.error));
    else waiter?.resolve(answer.value);
  });
  void exited.then(() => {
    for (const { reject } of waiting.values()) reject(new Error(`${what} ended`));
    waiting.clear();
  });
  await within(Promise.race([ready, exited]), { what, withinMs: startWithinMs });
  if (child.pid === undefined || hasEnded()) throw new Error(`${what} did not start`);

  return {
    pid: child.pid,
    hasEnded,
    call<Name extends keyof Calls>(name: Name): Calls[Name] {
      return ((argument: unknown) =>
        new Promise((resolve, reject) => {
          if (!child.connected) {
            reject(new Error(`${what} has ended`));
            return;
          }
          calls += 1;
          waiting.set(calls, { resolve, reject });
          child.send({ number: calls, name: String(name), argument } satisfies Call, (error) => {
            if (error !== null) reject(error);
          });
        })) as unknown as Calls[Name];
    },
    async stop() {
      if (child.connected) child.disconnect();
      if (hasExited) return;
      try {
        await within(exited, { what: `the end of ${what}`, withinMs: stopWithinMs });
      } catch {
        child.kill('SIGKILL');
        await exited;
      }
    },
  };
}
