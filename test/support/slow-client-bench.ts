import type { ServerResponse } from 'node:http';
import type { Store } from '#adapters/store/store.js';
import { createRequestHistory } from '#gateway/request-history.js';
import type { RequestWatch } from '#messaging/request-watch.js';
import { createRequestWatch } from '#messaging/request-watch.js';
import type { StatusHub } from '#status/status-hub.js';
import { createStatusHub } from '#status/status-hub.js';
import { bareGateway } from './bare-gateway.js';
import type { ReceivedEvents } from './event-source.js';
import { openEvents } from './event-source.js';
import type { ManualClock } from '#testing/manual-clock.js';
import { createManualClock } from '#testing/manual-clock.js';
import { openMemoryStore } from './memory-store.js';
import type { RawHttp } from './raw-http.js';
import { openRawHttp, rawRequest } from './raw-http.js';
import { createRecordingLogger } from './recording.js';
import { until } from './until.js';

/** The event streams of a gateway without a broker, on a clock of the test; another one for each test. */
export interface SlowClientBench {
  readonly clock: ManualClock;
  readonly store: Store;
  readonly hub: StatusHub;
  readonly watch: RequestWatch;
  /** Opens a stream on a connection of its own; resolves when it has begun, unless it shall read nothing. */
  open(
    path: string,
    how?: { readonly headers?: readonly string[]; readonly reads?: boolean },
  ): Promise<RawHttp>;
  /** A client that reads everything. */
  follow(path: string, headers?: Readonly<Record<string, string>>): Promise<ReceivedEvents>;
  /** Bytes that the gateway holds for the client that has most of them. */
  unread(): number;
}

/** To be called inside `describe`. */
export function slowClientBench(): SlowClientBench {
  const connections: RawHttp[] = [];
  const streams: ReceivedEvents[] = [];
  // Before the gateway ends, which would wait for who reads nothing.
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.destroy();
    for (const stream of streams.splice(0)) stream.close();
  });
  const start = bareGateway();
  let responses: ServerResponse[];
  let url: string;
  let port: number;
  let parts: Pick<SlowClientBench, 'clock' | 'store' | 'hub' | 'watch'>;

  beforeEach(async () => {
    const clock = createManualClock(1_700_000_000_000);
    const store = openMemoryStore(clock);
    const hub = createStatusHub({ log: store.events, logger: createRecordingLogger(), clock });
    parts = { clock, store, hub, watch: createRequestWatch(clock) };
    responses = [];
    ({ url, port } = await start({
      ...{ ...parts, store: store.requests, events: store.events },
      history: createRequestHistory(store.requests),
      accessLog: (_request, response) => void responses.push(response),
    }));
  });
  afterEach(async () => {
    parts.hub.stop();
    parts.watch.stop();
    await parts.store.close();
  });

  return {
    get clock() {
      return parts.clock;
    },
    get store() {
      return parts.store;
    },
    get hub() {
      return parts.hub;
    },
    get watch() {
      return parts.watch;
    },
    async open(path, { headers = [], reads = true } = {}) {
      const connection = await openRawHttp(port);
      connections.push(connection);
      if (!reads) connection.pause();
      connection.write(rawRequest(`GET ${path}`, ['Accept: text/event-stream', ...headers]));
      if (reads) await until(() => connection.rest().includes(':\n\n'), { what: 'the stream' });
      return connection;
    },
    async follow(path, headers = {}) {
      const stream = await openEvents(`${url}${path}`, headers);
      streams.push(stream);
      return stream;
    },
    unread: () => Math.max(0, ...responses.map((response) => response.writableLength)),
  };
}

/** The numbers of the events that came whole or in part. */
export function idsOf(connection: RawHttp): number[] {
  return [...connection.rest().matchAll(/^id: (\d+)$/gmu)].map(([, id]) => Number(id));
}

/** Comments that came. */
function commentsOf(connection: RawHttp): number {
  return connection.rest().split(':\n\n').length - 1;
}

/** What may wait in a gateway for a client that reads nothing: at least so much until it counts as full, at most so much. */
export const [leastHeld, mostHeld] = [64 * 1_024, 200 * 1_024];
/** The text of an event of which a few fill a stream. */
export const largeText = 'x'.repeat(60 * 1_024);

/** A silent stream is kept awake by comments; when its client has gone, which `isGone` tells, no timer is left of it. */
export async function expectComments(
  bench: SlowClientBench,
  path: string,
  isGone: () => boolean,
): Promise<void> {
  const { clock } = bench;
  const timers = clock.pending;
  const connection = await bench.open(path);
  for (const count of [2, 3, 4]) {
    clock.advance(14_999);
    clock.advance(1);
    await until(() => commentsOf(connection) === count, { what: `${count} comments` });
  }
  connection.destroy();
  await until(isGone, { what: 'the end of the stream' });
  await until(() => clock.pending === timers, { what: 'the end of its timers' });
}

/** The most that is held for somebody who reads nothing, while ten large events are told again and again, which another hears. */
export async function mostUnread(
  bench: SlowClientBench,
  tell: (count: number) => Promise<void>,
  hasHeard: (told: number) => boolean,
): Promise<number> {
  let most = 0;
  for (let told = 10; told <= 300; told += 10) {
    await tell(10);
    await until(() => hasHeard(told), { what: 'the other to hear of it' });
    most = Math.max(most, bench.unread());
  }
  return most;
}
