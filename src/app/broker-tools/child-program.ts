/**
 * One run of a shell command in a process group of its own, so that it can be ended with all that it started. What
 * it writes is bounded; it is fed its input and never waited for without an end: the caller kills it.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export interface ProgramOptions {
  /** For `/bin/sh -c`. */
  readonly command: string;
  readonly input: Uint8Array;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingFolder: string;
  /** More output ends it with `overflow`. */
  readonly maxOutputBytes: number;
  readonly onStderr: (chunk: Buffer) => void;
}

export type ProgramEnd =
  | { readonly kind: 'exit'; readonly code: number; readonly output: Buffer; readonly errorText: string }
  | { readonly kind: 'signal'; readonly signal: string; readonly errorText: string }
  | { readonly kind: 'overflow' }
  | { readonly kind: 'unstartable'; readonly reason: string };

export interface ProgramRun {
  /** Never rejects. Nothing of its group that holds its pipes is left then. */
  readonly ended: Promise<ProgramEnd>;
  /** Asks its group to end, and kills what has not after two seconds. */
  kill(): void;
}

const killAfterMs = 2_000;
/** A program may be gone while something it started still holds its pipes. */
const pipesCloseMs = 1_000;
const keptErrorBytes = 8_192;

/** Groups that run; none of them outlives this process, unless that is killed without notice. */
const running = new Set<number>();
process.on('exit', () => {
  for (const group of running) signalGroup(group, 'SIGKILL');
});

export function runProgram(options: ProgramOptions): ProgramRun {
  const child = spawn('/bin/sh', ['-c', options.command], {
    cwd: options.workingFolder,
    env: options.environment,
    // Its own group: a Ctrl-C at the terminal is for us, not for what is being answered.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const group = child.pid;
  if (group !== undefined) running.add(group);
  let killTimer: NodeJS.Timeout | undefined;

  function kill(): void {
    if (group === undefined || killTimer !== undefined || !running.has(group)) return;
    signalGroup(group, 'SIGTERM');
    killTimer = setTimeout(() => signalGroup(group, 'SIGKILL'), killAfterMs);
  }

  const ended = follow(child, options).finally(() => {
    if (group === undefined) return;
    // Who was asked to end and let its leader go alone is not asked again.
    if (killTimer !== undefined) signalGroup(group, 'SIGKILL');
    clearTimeout(killTimer);
    running.delete(group);
  });
  return { ended, kill };
}

function follow(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  { input, maxOutputBytes, onStderr }: ProgramOptions,
): Promise<ProgramEnd> {
  const output: Buffer[] = [];
  let outputBytes = 0;
  let errorText = Buffer.alloc(0);
  let isOverflowing = false;
  let pipesTimer: NodeJS.Timeout | undefined;

  child.stdout.on('data', (chunk: Buffer) => {
    outputBytes += chunk.byteLength;
    if (outputBytes <= maxOutputBytes) output.push(chunk);
    else if (!isOverflowing) {
      isOverflowing = true;
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
    }
  });
  child.stderr.on('data', (chunk: Buffer) => {
    onStderr(chunk);
    if (errorText.byteLength < keptErrorBytes) {
      errorText = Buffer.concat([errorText, chunk]).subarray(0, keptErrorBytes);
    }
  });
  // A program need not read its input.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);

  return new Promise((resolve) => {
    child.on('error', (error) => {
      // Also the error of a signal that came too late; then `close` tells the rest.
      if (child.pid === undefined) resolve({ kind: 'unstartable', reason: error.message });
    });
    child.on('exit', () => {
      pipesTimer = setTimeout(() => {
        if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
        // Who left the group can still hold them.
        child.stdout.destroy();
        child.stderr.destroy();
      }, pipesCloseMs);
    });
    child.on('close', (code, signal) => {
      clearTimeout(pipesTimer);
      const said = errorText.toString('utf8').trim();
      if (isOverflowing) resolve({ kind: 'overflow' });
      else if (code === null) resolve({ kind: 'signal', signal: signal ?? 'unknown', errorText: said });
      else resolve({ kind: 'exit', code, output: Buffer.concat(output), errorText: said });
    });
  });
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nothing of it is left.
  }
}
