import { expect } from 'chai';
import type { HttpAnswer } from './http.js';
import { call } from './http.js';
import type { HttpBench } from './http-bench.js';

/** A consumer that speaks nothing but HTTP. */
export interface QueueReader {
  /** Address of the messages of a queue. */
  readonly messagesOf: (queue: string) => string;
  /** GET, with a wait that outlasts a login without an answer. */
  readonly read: (queue: string, headers?: Record<string, string>) => Promise<HttpAnswer>;
  /** Reads a message that must come. */
  readonly lease: (queue: string, headers?: Record<string, string>) => Promise<HttpAnswer>;
  /** Address of the lease that an answer gave. */
  readonly urlOf: (leased: HttpAnswer) => string;
}

export function queueReader(bench: HttpBench): QueueReader {
  const messagesOf = (queue: string): string => `${bench.url}/queues/${encodeURIComponent(queue)}/messages`;
  const read = (queue: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    call(messagesOf(queue), { headers: { prefer: 'wait=15', ...headers } });
  return {
    messagesOf,
    read,
    lease: async (queue, headers = {}) => {
      const answer = await read(queue, headers);
      expect(answer.status, answer.text()).to.equal(200);
      return answer;
    },
    urlOf: (leased) => `${bench.url}${leased.headers['content-location']!}`,
  };
}
