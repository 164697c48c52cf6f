/** What the measurements share. */
import { call } from '../../test/support/http.js';
import type { ServedGateway } from '../../test/support/served-gateway.js';
import { until } from '../../test/support/until.js';
import { memoryBytes } from '../tools/memory.js';

const quietWithinMs = 60_000;

export interface Measuring {
  readonly gateway: ServedGateway;
  readonly signal: AbortSignal;
}

/** Memory of the process, MiB; 0 where the system does not say. */
export function memoryMib(pid: number): number {
  return Math.round((memoryBytes(pid) ?? 0) / 2 ** 20);
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
