import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { within } from '../../test/support/until.js';
import type { Answer, Call, Calls } from './generator-calls.js';

export interface Generator extends Calls {
  readonly pid: number;
  hasEnded(): boolean;
  stop(): Promise<void>;
}

const startWithinMs = 30_000;
const stopWithinMs = 5_000;

/** Starts the process of the clients; it ends with this one. */
export async function startGenerator(): Promise<Generator> {
  const child = fork(fileURLToPath(new URL('generator.ts', import.meta.url)), { serialization: 'advanced' });
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let calls = 0;
  let hasExited = false;
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
    for (const { reject } of waiting.values()) reject(new Error('the process of the clients ended'));
    waiting.clear();
  });
  await within(Promise.race([ready, exited]), {
    what: 'the process of the clients',
    withinMs: startWithinMs,
  });
  if (child.pid === undefined || child.exitCode !== null)
    throw new Error('the process of the clients did not start');

  function call<Name extends keyof Calls>(name: Name): Calls[Name] {
    return ((argument: unknown) =>
      new Promise((resolve, reject) => {
        if (!child.connected) {
          reject(new Error('the process of the clients has ended'));
          return;
        }
        calls += 1;
        waiting.set(calls, { resolve, reject });
        child.send({ number: calls, name, argument } satisfies Call, (error) => {
          if (error !== null) reject(error);
        });
      })) as Calls[Name];
  }

  return {
    pid: child.pid,
    hasEnded: () => hasExited,
    open: call('open'),
    measure: call('measure'),
    close: call('close'),
    async stop() {
      if (child.connected) child.disconnect();
      if (hasExited) return;
      try {
        await within(exited, { what: 'its end', withinMs: stopWithinMs });
      } catch {
        child.kill('SIGKILL');
        await exited;
      }
    },
  };
}
