/** How long calls wait for their replies, with a project and without, in quiet and while status events are numbered. */
import { post } from '../../test/support/http.js';
import { nowUs } from '../tools/clock.js';
import { createDelays, toDelays } from '../tools/delays.js';
import { callInTurns } from '../tools/callers.js';
import { createFlood } from './flood.js';
import type { Measuring } from './measuring.js';
import { numberedEvents } from './measuring.js';
import type { Plan } from './plan.js';
import { startReplier } from '../tools/replier.js';
import type { SettlingResult } from './results.js';

const callers = 10;
const queue = 'settled';
const cells = [
  { project: false, flooded: false },
  { project: true, flooded: false },
  { project: false, flooded: true },
  { project: true, flooded: true },
];

export async function measureSettling(
  measuring: Measuring,
  { settlingSeconds: seconds, rounds }: Plan,
  statusQueue: string,
): Promise<SettlingResult[]> {
  const { gateway, signal } = measuring;
  const replier = await startReplier(gateway.brokerUrl, queue, () => '{}');
  const flood = await createFlood(measuring, statusQueue);
  const results = cells.map((cell) => ({ ...cell, delays: createDelays(), failed: 0, numbered: 0 }));

  async function callOnce(result: (typeof results)[number]): Promise<void> {
    const startedAt = nowUs();
    const { status } = await post(`${gateway.url}/requests/${queue}`, '{}', {
      prefer: 'wait=30',
      ...(result.project ? { project: 'settled' } : {}),
    });
    if (status === 200) result.delays.recordValue(nowUs() - startedAt);
    else result.failed += 1;
  }

  /** Where a result is, its calls are counted there. */
  async function measureCell(result: (typeof results)[number]): Promise<void> {
    if (result.flooded) flood.start();
    try {
      const before = await numberedEvents(gateway);
      const deadline = nowUs() + seconds * 1_000_000;
      await callInTurns(
        callers,
        () => nowUs() < deadline && !signal.aborted,
        () => callOnce(result),
      );
      result.numbered += (await numberedEvents(gateway)) - before;
    } finally {
      if (result.flooded) await flood.end();
    }
  }

  try {
    // Cold code is paid for before.
    await callOnce({ project: false, flooded: false, delays: createDelays(), failed: 0, numbered: 0 });
    for (let round = 0; round < rounds; round += 1) {
      for (const result of results) await measureCell(result);
    }
    return results.map(({ delays, ...result }) => ({
      ...result,
      seconds: seconds * rounds,
      calls: toDelays(delays),
    }));
  } finally {
    await Promise.allSettled([flood.close(), replier.stop()]);
  }
}
