import { expect } from 'chai';
import type { StatusEvent } from '#core/status-event.js';
import { uniqueName } from './gateway.js';
import { post } from './http.js';
import type { RawStomp, ReceivedFrame } from './raw-stomp.js';
import { openRawStompWebSocket } from './raw-stomp.js';

/** Clients of `/stomp` that end with their test, and somebody who tells of events. */
export interface StompFollowers {
  /** The address of `/stomp`. */
  readonly address: string;
  /** Opens a WebSocket, without CONNECT. @param query such as `?access_token=...` */
  open(query?: string): Promise<RawStomp>;
  /** Opens one and connects. */
  connect(query?: string): Promise<RawStomp>;
  /** One subscription `s`, receipted. */
  follow(destination: string, headers?: Readonly<Record<string, string>>, query?: string): Promise<RawStomp>;
  /** Posts an event, which must be taken; it is progress of `job` unless it says otherwise. */
  tell(
    project: string,
    event?: Partial<StatusEvent>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Tells so many events with the texts `1`, `2` and so on, one after the other. */
  tellMany(project: string, count: number): Promise<void>;
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
    async tell(project, event = {}, headers = {}) {
      const body = JSON.stringify({ subject: 'job', kind: 'progress', ...event });
      const answer = await post(`${url()}/status/${encodeURIComponent(project)}`, body, headers);
      expect(answer.status, answer.text()).to.equal(202);
    },
    async tellMany(project, count) {
      for (let number = 1; number <= count; number += 1) {
        await followers.tell(project, { text: String(number) });
      }
    },
  };
  return followers;
}

/** A project that no other test uses. */
export function newProject(): string {
  return uniqueName('project');
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

/** 1, 2, 3, ... up to `last`. */
export function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
