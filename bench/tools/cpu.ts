/** CPU time of processes, user and system, as Linux counts it in steps of 10 ms. */
import { readFileSync } from 'node:fs';

/** USER_HZ, which is 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** Seconds so far; null when the process is gone or this is no Linux. */
export function cpuSeconds(pid: number): number | null {
  const stat = readProc(pid, 'stat');
  if (stat === null) return null;
  // The second field is the name in parentheses, which may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Of all of them together; null when there are none, or not all of them are processes of that program on this machine. */
export function cpuSecondsOf(program: string, pids: readonly number[]): number | null {
  // Ids of another machine may be those of something else here.
  if (pids.length === 0 || pids.some((pid) => programOf(pid) !== program)) return null;
  return pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0);
}

/** Of everything that ran on this machine so far, on all its cores; null where the system does not say. */
export function machineCpuSeconds(): number | null {
  try {
    const [, ...fields] = (readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '').split(/\s+/u);
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user.
    const [user, nice, system, , , irq, softirq, steal] = fields.map(Number);
    const ticks = [user, nice, system, irq, softirq, steal].reduce<number>(
      (sum, one) => sum + (one ?? NaN),
      0,
    );
    return Number.isNaN(ticks) ? null : ticks / ticksPerSecond;
  } catch {
    return null;
  }
}

/** The name of the process's program; null as above. */
function programOf(pid: number): string | null {
  return readProc(pid, 'comm')?.trim() ?? null;
}

function readProc(pid: number, file: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return null;
  }
}

/** Between two figures of CPU time; null where one is. */
export function between(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : Math.max(0, after - before);
}
