/** One measurement: a way that runs, one load on it, and what the parts took for it. */
import { nowUs, pause, untilUs } from '../tools/clock.js';
import { between, machineCpuSeconds } from '../tools/cpu.js';
import { unlessAborted } from '../tools/interruption.js';
import { watchGateway } from './gateway-figures.js';
import type { GatewayWatch } from './gateway-figures.js';
import type { Load } from './load/load.js';
import type { PartFigures } from './parts.js';
import { toPartFigures } from './parts.js';
import type { MeasuredRun } from './results.js';
import type { RunningWay } from './running-way.js';

export type MeasurementOptions = Pick<Load, 'width' | 'rate' | 'warmUpMs' | 'windowMs'> & {
  readonly signal: AbortSignal;
};

/** For opening the connections. */
const noticeUs = 200_000;
const memoryEveryMs = 250;

export async function measure(
  way: RunningWay,
  { signal, ...load }: MeasurementOptions,
): Promise<MeasuredRun> {
  const startsAt = nowUs() + noticeUs + load.warmUpMs * 1_000;
  const gateway = way.gatewayUrl === null ? null : watchGateway(way.gatewayUrl, load.width);
  const failed = new AbortController();
  const ended = AbortSignal.any([signal, failed.signal]);
  const [outcome, used] = await unlessAborted(
    Promise.all([
      way.load({ ...load, startsAt }),
      observe(way, { startsAt, windowMs: load.windowMs, gateway, signal: ended }),
    ]),
    signal,
  ).finally(() => failed.abort());
  return { ...outcome, ...used, gateway: (await gateway?.figures()) ?? null };
}

interface Observation {
  readonly startsAt: number;
  readonly windowMs: number;
  readonly gateway: GatewayWatch | null;
  readonly signal: AbortSignal;
}

/** CPU seconds of the window, and the most memory that was seen in it. */
async function observe(
  way: RunningWay,
  { startsAt, windowMs, gateway, signal }: Observation,
): Promise<Pick<MeasuredRun, 'cpu' | 'machineCpu' | 'memory'>> {
  await untilUs(startsAt, signal);
  const machineBefore = machineCpuSeconds();
  const [before] = await Promise.all([way.cpu(), gateway?.begin()]);
  const endsAt = startsAt + windowMs * 1_000;
  let most: PartFigures = way.memory();
  while (nowUs() < endsAt && !signal.aborted) {
    await pause(Math.min(memoryEveryMs, Math.max(1, (endsAt - nowUs()) / 1_000)), signal);
    const now = way.memory();
    const last = most;
    most = toPartFigures((part) => greaterOf(last[part], now[part]));
  }
  const machineCpu = between(machineBefore, machineCpuSeconds());
  const [after] = await Promise.all([way.cpu(), gateway?.end()]);
  return { memory: most, machineCpu, cpu: toPartFigures((part) => between(before[part], after[part])) };
}

function greaterOf(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : Math.max(one, other);
}
