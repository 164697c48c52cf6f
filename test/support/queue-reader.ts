import { expect } from 'chai';
import { queue as queueNamed } from '#core/destination.js';
import type { Message } from '#core/message.js';
import type { HttpAnswer } from './http.js';
import { call } from './http.js';
import type { HttpBench } from './http-bench.js';
import { newMessage } from './messages.js';

/** A consumer that speaks nothing but HTTP. */
export interface QueueReader {
  /** Puts a message on the queue from outside. */
  readonly put: (queue: string, parts?: Partial<Message>) => Promise<Message>;
  /** Address of the messages of a queue. */
  readonly messagesOf: (queue: string) => string;
  /** GET, with a wait that outlasts a login without an answer. */
  readonly read: (queue: string, headers?: Record<string, string>) => Promise<HttpAnswer>;
  /** Reads a message that must come. */
  readonly lease: (queue: string, headers?: Record<string, string>) => Promise<HttpAnswer>;
  /** Address of the lease that an answer gave. */
  readonly urlOf: (leased: HttpAnswer) => string;
  /** That the queue holds nothing, and no lease of it comes back. */
  readonly expectEmpty: (queue: string) => Promise<void>;
}

export function queueReader(bench: HttpBench): QueueReader {
  const messagesOf = (queue: string): string => `${bench.url}/queues/${encodeURIComponent(queue)}/messages`;
  const read = (queue: string, headers: Record<string, string> = {}): Promise<HttpAnswer> =>
    call(messagesOf(queue), { headers: { prefer: 'wait=15', ...headers } });
  return {
    async put(queue, parts = {}) {
      const message = newMessage(parts);
      await bench.gateway.broker.parts.broker.channel.send(queueNamed(queue), message);
      return message;
    },
    messagesOf,
    read,
    lease: async (queue, headers = {}) => {
      const answer = await read(queue, headers);
      expect(answer.status, answer.text()).to.equal(200);
      return answer;
    },
    urlOf: (leased) => `${bench.url}${leased.headers['content-location']!}`,
    async expectEmpty(queue) {
      expect((await read(queue, { prefer: 'wait=1' })).status).to.equal(204);
    },
  };
}
