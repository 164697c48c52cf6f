import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** What the figures depend on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  /** Processes that wanted a core, on average over the last minute: what others left of the machine. */
  readonly load: number;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    load: loadavg()[0] ?? 0,
  };
}

export function versionOfPackage(): string {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  return version;
}

/** A sentence for pages; a machine that others use makes figures worth less than their ratios. */
export function machineText({ processor, cores, memoryGib, system, load }: Machine): string {
  const words = load > cores / 2 ? ', so read the ratios and not the figures' : '';
  return `${processor}, ${cores} cores, ${memoryGib} GiB, ${system}. Load average before anything was started, from other work on the machine: ${load.toFixed(1)}${words}.`;
}
