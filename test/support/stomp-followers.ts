import type { RawStomp, ReceivedFrame } from './raw-stomp.js';
import { openRawStompWebSocket } from './raw-stomp.js';

/** Clients of `/stomp` that end with their test. */
export interface StompFollowers {
  /** The address of `/stomp`. */
  readonly address: string;
  /** Opens a WebSocket, without CONNECT. @param query such as `?access_token=...` */
  readonly open: (query?: string) => Promise<RawStomp>;
  /** Opens one and connects. */
  readonly connect: (query?: string) => Promise<RawStomp>;
  /** One subscription `s`, receipted. */
  readonly follow: (
    destination: string,
    headers?: Readonly<Record<string, string>>,
    query?: string,
  ) => Promise<RawStomp>;
}

/** To be called inside `describe`. */
export function stompFollowers(url: () => string): StompFollowers {
  const clients: RawStomp[] = [];
  afterEach(() => {
    for (const client of clients.splice(0)) client.destroy();
  });
  const followers: StompFollowers = {
    get address() {
      return `${url().replace('http', 'ws')}/stomp`;
    },
    async open(query = '') {
      const client = await openRawStompWebSocket(`${followers.address}${query}`);
      clients.push(client);
      return client;
    },
    async connect(query) {
      const client = await followers.open(query);
      await client.connect();
      return client;
    },
    async follow(destination, headers = {}, query = '') {
      const client = await followers.connect(query);
      await client.confirmed('SUBSCRIBE', { id: 's', destination, ...headers });
      return client;
    },
  };
  return followers;
}

export function projectTopic(project: string): string {
  return `/topic/status.${project}`;
}

/** The numbers in these headers: `sequence` of a project, `number` of a request. */
export function numbersOf(
  frames: readonly ReceivedFrame[],
  header: 'sequence' | 'number' = 'sequence',
): number[] {
  return frames.map(({ headers }) => Number(headers[header]));
}
