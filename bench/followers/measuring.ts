/** What the measurements share. */
import type { Histogram } from 'hdr-histogram-js';
import { readFileSync } from 'node:fs';
import { call } from '../../test/support/http.js';
import type { ServedGateway } from '../../test/support/served-gateway.js';
import { until } from '../../test/support/until.js';
import type { Delays } from './results.js';

const quietWithinMs = 60_000;

export interface Measuring {
  readonly gateway: ServedGateway;
  readonly signal: AbortSignal;
}

/** Of microseconds. */
export function toDelays(delays: Histogram): Delays {
  const ms = (microseconds: number): number => microseconds / 1_000;
  return {
    count: delays.totalCount,
    p50: ms(delays.getValueAtPercentile(50)),
    p99: ms(delays.getValueAtPercentile(99)),
    max: ms(delays.maxValue),
  };
}

/** Memory of the process that is not paged out, MiB; 0 where the system does not say. */
export function memoryMib(pid: number): number {
  try {
    return Math.round(
      Number(/^VmRSS:\s+(\d+)/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024,
    );
  } catch {
    return 0;
  }
}

/** Between two figures of CPU time; null where one is. */
export function between(before: number | null, after: number | null): number | null {
  return before === null || after === null ? null : Math.max(0, after - before);
}

/** Events of all projects that have their numbers. */
export function numberedEvents(gateway: ServedGateway): Promise<number> {
  return gateway.metric('replyto_events_numbered_total');
}

/** Resolves when the gateway has let go of all streams that were closed, and every event is on its topic. */
export async function untilQuiet(gateway: ServedGateway): Promise<void> {
  const of = (name: string): Promise<number> => gateway.metric(`replyto_${name}`);
  await until(
    async () =>
      (await of('status_subscriptions')) === 0 &&
      (await of('events_published_total')) + (await of('events_unpublished_total')) >=
        (await of('events_numbered_total')),
    { what: 'the gateway to be quiet', withinMs: quietWithinMs },
  );
}

/** Events of that project that have their numbers. */
export async function eventsOf({ url }: ServedGateway, project: string): Promise<number> {
  const page = await call(`${url}/status/${project}?limit=1`, { headers: { accept: 'application/json' } });
  return page.json<{ last: number }>().last;
}
