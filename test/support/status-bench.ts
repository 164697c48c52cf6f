import { expect } from 'chai';
import type { EventPage } from '#core/ports/event-log.js';
import type { SequencedEvent, StatusEvent } from '#core/status-event.js';
import type { ReceivedEvents } from './event-source.js';
import { openEvents } from './event-source.js';
import { uniqueName } from './gateway.js';
import type { HttpAnswer } from './http.js';
import { call, post } from './http.js';
import type { HttpBench } from './http-bench.js';
import { until } from './until.js';

/** `GET /status/{project}` as a page. */
export interface StatusPage extends Pick<EventPage, 'events' | 'first' | 'last'> {
  readonly project: string;
  readonly next: number;
  readonly gap?: { readonly from: number; readonly to: number };
}

type Headers = Readonly<Record<string, string>>;

/** Telling events of projects and following them, on a bench. Streams end with their test. */
export interface StatusBench {
  /** `POST /status/{project}`, whatever is answered. */
  post(project: string, event: unknown, headers?: Headers): Promise<HttpAnswer>;
  /** Posts an event, which must be taken; it is progress of `job` unless it says otherwise. */
  tell(project: string, event?: Partial<StatusEvent>, headers?: Headers): Promise<void>;
  /** Tells so many events with the texts `0`, `1` and so on, and waits until all are numbered. */
  tellMany(project: string, count: number): Promise<void>;
  /** `GET /status/{project}` as a stream. */
  follow(project: string, query?: string, headers?: Headers): Promise<ReceivedEvents>;
  /** The page itself, which must be one. */
  page(project: string, query?: string, headers?: Headers): Promise<StatusPage>;
  /** `GET /status/{project}` as a page, whatever is answered. */
  askPage(project: string, query?: string, headers?: Headers): Promise<HttpAnswer>;
  /** Resolves when the project has an event with this number. */
  reaches(project: string, last: number): Promise<void>;
}

/** To be called inside `describe`. */
export function statusBench({ url }: { readonly url: () => string }): StatusBench {
  const streams: ReceivedEvents[] = [];
  afterEach(() => {
    for (const stream of streams.splice(0)) stream.close();
  });

  const urlOf = (project: string, query = ''): string =>
    `${url()}/status/${encodeURIComponent(project)}${query}`;

  const bench: StatusBench = {
    post: (project, event, headers = {}) =>
      post(urlOf(project), typeof event === 'string' ? event : JSON.stringify(event), headers),
    async tell(project, event = {}, headers = {}) {
      const answer = await bench.post(project, { subject: 'job', kind: 'progress', ...event }, headers);
      expect(answer.status, answer.text()).to.equal(202);
    },
    async tellMany(project, count) {
      const { last } = await bench.page(project);
      for (let from = 0; from < count; from += 50) {
        const some = Array.from({ length: Math.min(50, count - from) }, (_, index) => from + index);
        await Promise.all(some.map((number) => bench.tell(project, { text: String(number) })));
      }
      await bench.reaches(project, last + count);
    },
    async follow(project, query = '', headers = {}) {
      const stream = await openEvents(urlOf(project, query), headers);
      streams.push(stream);
      return stream;
    },
    async page(project, query = '', headers = {}) {
      const answer = await bench.askPage(project, query, headers);
      expect(answer.status, answer.text()).to.equal(200);
      return answer.json<StatusPage>();
    },
    askPage: (project, query = '', headers = {}) =>
      call(urlOf(project, query), { headers: { accept: 'application/json', ...headers } }),
    async reaches(project, last) {
      await until(async () => (await bench.page(project, '?limit=1')).last >= last, {
        what: `${last} events of ${project}`,
        withinMs: 30_000,
      });
    },
  };
  return bench;
}

/** The same on an HTTP bench. */
export function statusOf(bench: HttpBench): StatusBench {
  return statusBench({ url: () => bench.url });
}

/** A project that no other test uses. */
export function newProject(): string {
  return uniqueName('project');
}

export function dataOf(stream: ReceivedEvents): SequencedEvent[] {
  return stream.events.map(({ data }) => data as SequencedEvent);
}

/** 1, 2, 3, ... up to `last`. */
export function upTo(last: number, first = 1): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

export function sequencesOf(events: readonly SequencedEvent[]): number[] {
  return events.map(({ sequence }) => sequence);
}
