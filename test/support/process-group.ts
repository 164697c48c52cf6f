/**
 * A child process in a process group of its own: whatever it starts, and that starts in turn, is found and
 * ended by the id of the group, even when the child itself hangs or is gone.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';

export interface ProcessGroup {
  /** Resolves when the child has ended: null after exit code 0, else what happened, in words. */
  readonly ended: Promise<string | null>;
  /** Command lines of what still runs in the group. */
  members(): string[];
  /** Ends all that is left of it at once. */
  kill(): void;
}

/** Starts it with the terminal of this process. */
export function startProcessGroup(
  command: string,
  parameters: readonly string[],
  env: NodeJS.ProcessEnv,
): ProcessGroup {
  const child = spawn(command, parameters, { stdio: 'inherit', detached: true, env });
  const ended = new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      if (code === 0) resolve(null);
      else resolve(signal === null ? `ended with exit code ${code}` : `was killed by ${signal}`);
    });
  });
  return {
    ended,
    members: () => (child.pid === undefined ? [] : membersOf(child.pid)),
    kill: () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // The group is empty already.
      }
    },
  };
}

function membersOf(group: number): string[] {
  // Signal 0 would count the dead that nobody has waited for; /proc tells them apart.
  if (existsSync('/proc/self/stat')) {
    return readdirSync('/proc')
      .filter((entry) => /^\d+$/u.test(entry) && isLivingMember(entry, group))
      .map((pid) => `${pid} ${textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').slice(0, 120)}`);
  }
  try {
    process.kill(-group, 0);
    return [`process group ${group}`];
  } catch {
    return [];
  }
}

function isLivingMember(pid: string, group: number): boolean {
  // `pid (command) state parent group ...`; the command may hold spaces and parentheses.
  const stat = textOf(`/proc/${pid}/stat`);
  const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state !== 'Z' && Number(processGroup) === group;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
