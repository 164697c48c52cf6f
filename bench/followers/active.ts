/** Streams that all hear every event of a project. */
import { post } from '../../test/support/http.js';
import { nowUs, pause, untilUs } from '../tools/clock.js';
import { between, cpuSeconds } from '../tools/cpu.js';
import { createDelays, toDelays } from '../tools/delays.js';
import type { Measuring } from './measuring.js';
import { memoryMib } from './measuring.js';
import type { Plan } from './plan.js';
import type { ActiveResult } from './results.js';
import { openStreams } from './streams.js';

/** One of so many is timed: this side has to keep up, too. */
const timedOf = 100;
const giveUpMs = 15_000;
const leadUs = 200_000;

export async function measureActive(
  { gateway, signal }: Measuring,
  { active, rate, seconds }: Plan,
): Promise<ActiveResult> {
  const delays = createDelays();
  const events = rate * seconds;
  const expected = events * active;
  let startsAt = 0;
  let heard = 0;
  let refused = 0;
  // A piece may end in the midst of an event.
  const rests = new Map<number, string>();

  function take(text: string, stream: number): void {
    const now = nowUs();
    const lines = ((rests.get(stream) ?? '') + text).split('\n');
    rests.set(stream, lines.pop() ?? '');
    for (const line of lines) {
      if (!line.startsWith('data:')) continue;
      heard += 1;
      if (stream % timedOf !== 0) continue;
      const number = Number(/"text":"event (\d+)"/u.exec(line)?.[1]);
      delays.recordValue(Math.max(1, now - instantOf(number)));
    }
  }

  function instantOf(number: number): number {
    return Math.round(startsAt + (number * 1_000_000) / rate);
  }

  const streams = await openStreams({ url: gateway.url, project: 'busy', count: active, onText: take });
  try {
    const before = { gateway: cpuSeconds(gateway.pid), clients: cpuSeconds(process.pid) };
    startsAt = nowUs() + leadUs;
    const underWay: Promise<void>[] = [];
    for (let number = 0; number < events && !signal.aborted; number += 1) {
      await untilUs(instantOf(number), signal);
      underWay.push(tell(gateway.url, number).catch(() => void (refused += 1)));
    }
    await Promise.all(underWay);
    const deadline = nowUs() + giveUpMs * 1_000;
    while (heard < expected && nowUs() < deadline && !signal.aborted) await pause(20, signal);
    return {
      ...{ streams: active, rate, seconds, events, refused, expected, heard, delays: toDelays(delays) },
      cpuGateway: between(before.gateway, cpuSeconds(gateway.pid)),
      cpuClients: between(before.clients, cpuSeconds(process.pid)),
      memoryWith: memoryMib(gateway.pid),
    };
  } finally {
    streams.close();
  }
}

async function tell(url: string, number: number): Promise<void> {
  const event = { subject: `task-${number % 50}`, kind: 'progress', text: `event ${number}` };
  const answer = await post(`${url}/status/busy`, JSON.stringify(event));
  if (answer.status !== 202) throw new Error(`${answer.status} for an event: ${answer.text().slice(0, 200)}`);
}
