/** Streams in which nothing happens: what they cost, and whether others are served beside them. */
import { call } from '../../test/support/http.js';
import { nowUs, pause } from '../tools/clock.js';
import { between, cpuSeconds } from '../tools/cpu.js';
import { createDelays, toDelays } from '../tools/delays.js';
import type { Delays } from '../tools/delays.js';
import type { Measuring } from './measuring.js';
import { memoryMib } from './measuring.js';
import type { Plan } from './plan.js';
import type { IdleResult } from './results.js';
import { openStreams } from './streams.js';

const betweenCallsMs = 10;

export async function measureIdle(
  { gateway, signal }: Measuring,
  { idle, seconds }: Plan,
): Promise<IdleResult> {
  /** Over so many seconds: CPU of the gateway, and calls beside whatever it does. */
  async function observe(): Promise<{ readonly cpu: number | null; readonly livez: Delays }> {
    const delays = createDelays();
    const [cpu, deadline] = [cpuSeconds(gateway.pid), nowUs() + (seconds * 1_000_000) / 2];
    // The first half without calls: they would be most of the CPU time.
    await pause((seconds * 1_000) / 2, signal);
    const used = between(cpu, cpuSeconds(gateway.pid));
    while (nowUs() < deadline + (seconds * 1_000_000) / 2 && !signal.aborted) {
      const startedAt = nowUs();
      await call(`${gateway.url}/livez`);
      delays.recordValue(nowUs() - startedAt);
      await pause(betweenCallsMs, signal);
    }
    return { cpu: used, livez: toDelays(delays) };
  }

  const before = await observe();
  const memoryBefore = memoryMib(gateway.pid);
  const startedAt = nowUs();
  const streams = await openStreams({
    ...{ url: gateway.url, project: 'quiet', count: idle },
    onText: () => undefined,
  });
  try {
    const openedInMs = Math.round((nowUs() - startedAt) / 1_000);
    const memoryWith = memoryMib(gateway.pid);
    const beside = await observe();
    return {
      ...{ streams: idle, held: streams.open(), openedInMs, memoryBefore, memoryWith, seconds: seconds / 2 },
      ...{ livezBefore: before.livez, livezWith: beside.livez, cpuBefore: before.cpu, cpuWith: beside.cpu },
    };
  } finally {
    streams.close();
  }
}
