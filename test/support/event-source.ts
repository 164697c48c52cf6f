import { request } from 'undici';

/** One server-sent event as it came. */
interface ReceivedEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** A stream of server-sent events, read as it comes. */
export interface ReceivedEvents {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly events: readonly ReceivedEvent[];
  /** Milliseconds of the last `retry:`; undefined when none came. */
  readonly retryMs: number | undefined;
  /** Whether the server has ended the stream. */
  readonly isEnded: boolean;
  /** Whether nothing more comes, for whatever reason. */
  readonly isOver: boolean;
  /** Lets go of it. */
  close(): void;
}

export async function openEvents(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<ReceivedEvents> {
  const hangUp = new AbortController();
  const response = await request(url, { headers, signal: hangUp.signal });
  const events: ReceivedEvent[] = [];
  let retryMs: number | undefined;
  let isEnded = false;
  let isOver = false;

  function take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
      }),
    );
    const retry = fields.get('retry');
    if (retry !== undefined) retryMs = Number(retry);
    const data = fields.get('data');
    if (data === undefined) return;
    events.push({ id: fields.get('id') ?? '', event: fields.get('event') ?? '', data: JSON.parse(data) });
  }

  async function read(): Promise<void> {
    let rest = '';
    for await (const chunk of response.body) {
      const blocks = (rest + Buffer.from(chunk as Uint8Array).toString('utf8')).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) take(block);
    }
    isEnded = true;
  }
  // The end of the stream is what the tests look at; a hang-up of their own is none.
  void read()
    .catch(() => undefined)
    .then(() => (isOver = true));

  return {
    status: response.statusCode,
    headers: response.headers,
    events,
    get retryMs() {
      return retryMs;
    },
    get isEnded() {
      return isEnded;
    },
    get isOver() {
      return isOver;
    },
    close: () => hangUp.abort(),
  };
}
