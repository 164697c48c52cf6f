// What a million requests without a reply cost: how long the gateway takes to start, its memory, what calls take
// beside them, that the next request gets 429, and how long it takes when all of them expire at once.
//
//   node --conditions=replyto-source --import tsx scripts/measure-pending.ts
//
// COUNT=1000000 and SECONDS=25 say how many there are and how long calls are measured.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { call, post } from '../test/support/http.js';
import { addPendingRequests } from '../test/support/pending-requests.js';
import { serveGateway } from '../test/support/served-gateway.js';

const count = Number(process.env['COUNT'] ?? 1_000_000);
const seconds = Number(process.env['SECONDS'] ?? 25);
const queue = 'measured';

const gateway = await serveGateway({ settings: { REPLYTO_REQUESTS__MAX_PENDING: String(count) } });
const path = join(gateway.folder, 'replyto.db');

function say(what: string, value: string): void {
  console.log(`${what.padEnd(44)} ${value}`);
}

function memory(): string {
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  return `${Math.round(Number(/^VmRSS:\s+(\d+)/mu.exec(status)?.[1]) / 1024)} MiB`;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return Math.round(performance.now() - startedAt);
}

function spread(values: number[]): string {
  const sorted = values.sort((one, other) => one - other);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms of ${sorted.length}`;
}

/** A connection that was kept may be closed at the moment it is used again. */
function unhurried<T>(work: () => Promise<T>): Promise<T> {
  return work().catch(work);
}

/** Calls one after the other, each kind in its turn. */
async function measureCalls(): Promise<void> {
  const calls: Record<string, () => Promise<{ readonly status: number }>> = {
    'GET /livez': () => call(`${gateway.url}/livez`),
    'GET /requests/{id}': () => call(`${gateway.url}/requests/${queue}-${Math.ceil(count / 2)}`),
    'GET /requests': () => call(`${gateway.url}/requests`),
    'GET /requests?queue&status, a page in the middle': () =>
      call(`${gateway.url}/requests?queue=${queue}&status=sent&before=${queue}-${Math.ceil(count / 2)}`),
    'GET /requests?status=replied, which has none': () => call(`${gateway.url}/requests?status=replied`),
    'GET /requests?queue&status, which has none': () =>
      call(`${gateway.url}/requests?queue=${queue}&status=replied`),
    'GET /metrics': () => call(`${gateway.url}/metrics`),
    'POST, which gets 429': () => post(`${gateway.url}/requests/other`, '{}', { prefer: 'respond-async' }),
  };
  const found = new Map<string, { readonly took: number[]; readonly statuses: Set<number> }>();
  const endAt = performance.now() + seconds * 1_000;
  while (performance.now() < endAt) {
    for (const [name, work] of Object.entries(calls)) {
      const { took, statuses } = found.get(name) ?? { took: [], statuses: new Set<number>() };
      took.push(await timed(async () => statuses.add((await work()).status)));
      found.set(name, { took, statuses });
    }
  }
  for (const [name, { took, statuses }] of found) say(`${name} (${[...statuses].join()})`, spread(took));
}

try {
  say('memory without requests', memory());
  await gateway.stop();
  const filled = await timed(() => {
    addPendingRequests({ path, queue, count, expiresAt: null });
    return Promise.resolve();
  });
  say(
    `${count} requests put into the store`,
    `${filled} ms, ${Math.round(statSync(path).size / 2 ** 20)} MiB`,
  );
  say('start until ready', `${await timed(() => gateway.restart())} ms`);
  say('memory with them', memory());
  await measureCalls();
  say('memory afterwards', memory());

  const cancelled = await call(`${gateway.url}/requests/${queue}-1`, { method: 'DELETE' });
  const next = await post(`${gateway.url}/requests/other`, '{}', { prefer: 'respond-async' });
  say('DELETE of one, then POST', `${cancelled.status}, ${next.status}`);

  await gateway.stop();
  const expiring = Math.ceil(count / 10);
  addPendingRequests({ path, queue: 'expiring', count: expiring, expiresAt: Date.now() });
  const started = timed(() => gateway.restart());
  say('start with a tenth more that are past their end', `${await started} ms`);
  const alive: number[] = [];
  const ended = await timed(async () => {
    for (let pending = Infinity; pending > count;) {
      alive.push(await timed(() => unhurried(() => call(`${gateway.url}/livez`))));
      pending = await unhurried(() => gateway.metric('replyto_requests_pending'));
    }
  });
  say(`${expiring} requests expired`, `${ended} ms after the start; GET /livez ${spread(alive)}`);
} finally {
  await gateway.remove();
}
