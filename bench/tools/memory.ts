import { readFileSync } from 'node:fs';

/** Bytes of memory of a process that are not paged out; null when it is gone or this is no Linux. */
export function memoryBytes(pid: number): number | null {
  try {
    const found = /^VmRSS:\s+(\d+) kB/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? null : Number(found[1]) * 1_024;
  } catch {
    return null;
  }
}
