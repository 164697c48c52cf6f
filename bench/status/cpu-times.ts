/** CPU of gateway, broker, database, clients and publisher, over a window. */
import { untilUs } from '../tools/clock.js';
import { between, cpuSeconds } from '../tools/cpu.js';
import type { CpuTimes } from './results.js';
import type { System } from './system.js';
import type { Variant } from './variants.js';

const names = ['gateway', 'broker', 'database', 'clients', 'publisher'] as const;

/** Of all parts that events so published use. */
export async function measureCpu(
  system: System,
  publishing: Pick<Variant['publishing'], 'to'>,
  { startsAt, windowMs }: { readonly startsAt: number; readonly windowMs: number },
): Promise<CpuTimes> {
  const usesGateway = publishing.to === 'gateway';
  const usesDatabase = publishing.to === 'database';

  async function read(): Promise<CpuTimes> {
    return {
      gateway: usesGateway ? cpuSeconds(system.gateway.pid) : null,
      broker: usesGateway && system.brokerPid !== null ? cpuSeconds(system.brokerPid) : null,
      database: usesDatabase ? ((await system.database?.cpuSeconds()) ?? null) : null,
      clients: cpuSeconds(system.generator.pid),
      publisher: cpuSeconds(process.pid),
    };
  }

  await untilUs(startsAt);
  const before = await read();
  await untilUs(startsAt + windowMs * 1_000);
  const after = await read();
  const times = names.map((name) => [name, between(before[name], after[name])]);
  return Object.fromEntries(times) as Record<keyof CpuTimes, number | null>;
}
