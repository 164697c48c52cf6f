/** The eight ways by which a client learns of its task, with the settings in which each of them is measured. */
export const ways = {
  topic: 'status topic over STOMP',
  events: 'server-sent events',
  websocket: 'WebSocket',
  'long-poll': 'long poll',
  polling: 'plain polling',
  database: 'shared database',
  callback: 'callback',
  file: 'file drop',
} as const;
type WayName = keyof typeof ways;

/** How a client does it. */
export type Reading =
  | { readonly by: 'topic'; readonly durable: boolean }
  | { readonly by: 'project-events' }
  | { readonly by: 'request-events' }
  | { readonly by: 'websocket' }
  | { readonly by: 'long-poll' }
  | { readonly by: 'polling'; readonly everyMs: number; readonly conditional: boolean }
  | { readonly by: 'page-polling'; readonly everyMs: number }
  | { readonly by: 'query'; readonly everyMs: number }
  | { readonly by: 'notified-query' }
  | { readonly by: 'callback' }
  | { readonly by: 'folder'; readonly everyMs: number }
  | { readonly by: 'watched-folder' }
  | { readonly by: 'nothing' };

/** Through what the publisher tells of a step. */
type Publishing =
  | { readonly to: 'gateway' }
  | { readonly to: 'database'; readonly notifies: boolean }
  | { readonly to: 'callback'; readonly retries: boolean }
  | { readonly to: 'folder' };

export interface Variant {
  /** As `--only` takes it. */
  readonly id: string;
  /** Null: the reference, events that nobody reads. */
  readonly way: WayName | null;
  readonly title: string;
  readonly reading: Reading;
  readonly publishing: Publishing;
  /** Measured only with the clients that go away, because otherwise it is the same as the one before it. */
  readonly awayOnly?: true;
}

const gateway = { to: 'gateway' } as const;

function polling(everyMs: number, name: string, conditional: boolean): Variant {
  return {
    id: `poll-${name}${conditional ? '-etag' : ''}`,
    way: 'polling',
    title: `poll every ${nameOf(everyMs)}${conditional ? ', ETag' : ''}`,
    reading: { by: 'polling', everyMs, conditional },
    publishing: gateway,
  };
}

function nameOf(everyMs: number): string {
  return everyMs < 1_000 ? `${everyMs} ms` : `${everyMs / 1_000} s`;
}

/** In the order of the report. */
export const variants: readonly Variant[] = [
  {
    id: 'topic',
    way: 'topic',
    title: 'topic at the broker',
    reading: { by: 'topic', durable: false },
    publishing: gateway,
  },
  {
    id: 'topic-durable',
    way: 'topic',
    title: 'topic at the broker, durable subscription',
    reading: { by: 'topic', durable: true },
    publishing: gateway,
    awayOnly: true,
  },
  {
    id: 'sse',
    way: 'events',
    title: 'SSE of the project',
    reading: { by: 'project-events' },
    publishing: gateway,
  },
  {
    id: 'sse-request',
    way: 'events',
    title: 'SSE of the request',
    reading: { by: 'request-events' },
    publishing: gateway,
  },
  {
    id: 'websocket',
    way: 'websocket',
    title: 'STOMP over WebSocket',
    reading: { by: 'websocket' },
    publishing: gateway,
  },
  {
    id: 'long-poll',
    way: 'long-poll',
    title: 'long poll',
    reading: { by: 'long-poll' },
    publishing: gateway,
  },
  polling(100, '100ms', false),
  polling(100, '100ms', true),
  polling(1_000, '1s', false),
  polling(1_000, '1s', true),
  {
    id: 'poll-1s-events',
    way: 'polling',
    title: 'poll every 1 s, page of events',
    reading: { by: 'page-polling', everyMs: 1_000 },
    publishing: gateway,
  },
  polling(5_000, '5s', false),
  polling(5_000, '5s', true),
  {
    id: 'database-100ms',
    way: 'database',
    title: 'query every 100 ms',
    reading: { by: 'query', everyMs: 100 },
    publishing: { to: 'database', notifies: false },
  },
  {
    id: 'database-1s',
    way: 'database',
    title: 'query every 1 s',
    reading: { by: 'query', everyMs: 1_000 },
    publishing: { to: 'database', notifies: false },
  },
  {
    id: 'database-notify',
    way: 'database',
    title: 'query after LISTEN/NOTIFY',
    reading: { by: 'notified-query' },
    publishing: { to: 'database', notifies: true },
  },
  {
    id: 'callback',
    way: 'callback',
    title: 'callback',
    reading: { by: 'callback' },
    publishing: { to: 'callback', retries: false },
  },
  {
    id: 'callback-retried',
    way: 'callback',
    title: 'callback, tried again',
    reading: { by: 'callback' },
    publishing: { to: 'callback', retries: true },
    awayOnly: true,
  },
  {
    id: 'file-100ms',
    way: 'file',
    title: 'list the folder every 100 ms',
    reading: { by: 'folder', everyMs: 100 },
    publishing: { to: 'folder' },
  },
  {
    id: 'file-1s',
    way: 'file',
    title: 'list the folder every 1 s',
    reading: { by: 'folder', everyMs: 1_000 },
    publishing: { to: 'folder' },
  },
  {
    id: 'file-watch',
    way: 'file',
    title: 'folder watched by the system',
    reading: { by: 'watched-folder' },
    publishing: { to: 'folder' },
  },
  {
    id: 'nobody',
    way: null,
    title: 'nobody reads (for reference)',
    reading: { by: 'nothing' },
    publishing: gateway,
  },
];

/** Milliseconds between two looks of a client; 0 where it is told. */
export function intervalOf({ reading }: Variant): number {
  return 'everyMs' in reading ? reading.everyMs : 0;
}
