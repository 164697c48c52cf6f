import { expect } from 'chai';
import { call, post } from './http.js';
import { until } from './until.js';

/** An event as `POST /status/{project}` takes it. */
type GivenEvent = Readonly<Record<string, unknown>> & { readonly subject: string };

/** Publishes in this order; resolves when all have their numbers. */
export async function publish(url: string, project: string, ...events: GivenEvent[]): Promise<void> {
  const address = `${url}/status/${encodeURIComponent(project)}`;
  const before = await lastOf(address);
  for (const event of events) {
    const answer = await post(address, JSON.stringify({ kind: 'progress', ...event }));
    expect(answer.status, answer.text()).to.equal(202);
  }
  await until(async () => (await lastOf(address)) >= before + events.length, { what: 'the numbers' });
}

async function lastOf(address: string): Promise<number> {
  const page = await call(`${address}?limit=1`, { headers: { accept: 'application/json' } });
  return page.json<{ last: number }>().last;
}
