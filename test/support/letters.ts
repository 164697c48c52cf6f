import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { createReplier } from '#app/library/create-replier.js';
import type { Message } from '#core/message.js';
import type { LetterDocument, LetterSummaryDocument } from '#schema/letter.js';
import type { HttpAnswer, HttpCall } from './http.js';
import { call } from './http.js';
import type { HttpBench } from './http-bench.js';
import { newMessage } from './messages.js';
import { until } from './until.js';

type Headers = Readonly<Record<string, string>>;

/** Makes letters over the gateway of a bench, and looks at them. */
export interface LetterBench {
  /** Asks the queue, whose service fails at once and for good; resolves with the letter. */
  readonly failed: (queue: string, headers?: Headers, body?: string) => Promise<LetterDocument>;
  /** Sends a reply to the reply queue that names no request; resolves with the letter. */
  readonly unmatched: (parts?: Partial<Message>, headers?: Headers) => Promise<LetterDocument>;
  readonly list: (path: string, headers?: Headers) => Promise<LetterSummaryDocument[]>;
  readonly get: (path: string, headers?: Headers) => Promise<LetterDocument>;
  /** With a JSON body where one is given. */
  readonly send: (
    method: NonNullable<HttpCall['method']>,
    path: string,
    document?: unknown,
    headers?: Headers,
  ) => Promise<HttpAnswer>;
}

export function letterBench(bench: HttpBench): LetterBench {
  async function list(path: string, headers: Headers = {}): Promise<LetterSummaryDocument[]> {
    const answer = await call(`${bench.url}${path}`, { headers });
    expect(answer.status, answer.text()).to.equal(200);
    const [letters] = Object.values(answer.json<Record<string, LetterSummaryDocument[]>>());
    return letters ?? [];
  }

  async function get(path: string, headers: Headers = {}): Promise<LetterDocument> {
    const answer = await call(`${bench.url}${path}`, { headers });
    expect(answer.status, answer.text()).to.equal(200);
    return answer.json<LetterDocument>();
  }

  async function found(
    path: string,
    headers: Headers,
    isIt: (letter: LetterSummaryDocument) => boolean,
  ): Promise<LetterDocument> {
    const { links } = await until(async () => (await list(path, headers)).find(isIt), { what: 'the letter' });
    return get(links.self, headers);
  }

  return {
    list,
    get,
    async failed(queue, headers = {}, body = '{}') {
      const id = headers['message-id'] ?? randomUUID();
      const service = createReplier({
        broker: bench.gateway.broker,
        queue,
        retry: { attempts: 1 },
        handler: () => {
          throw new Error('no database');
        },
      });
      await service.start();
      const asked = await bench.ask(queue, { prefer: 'wait=20', ...headers, 'message-id': id }, body);
      expect(asked.status, asked.text()).to.equal(502);
      await service.stop(2_000);
      return found('/dead-letters', headers, ({ messageId }) => messageId === id);
    },
    async unmatched(parts = {}, headers = {}) {
      const reply = newMessage({ correlationId: `nobody-${randomUUID()}`, ...parts });
      const { broker, own } = bench.gateway.broker.parts;
      await broker.channel.send(own.replies, reply);
      return found('/unmatched-replies', headers, ({ messageId }) => messageId === reply.messageId);
    },
    send: (method, path, document, headers = {}) =>
      call(`${bench.url}${path}`, {
        method,
        headers: { ...(document === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(document === undefined ? {} : { body: JSON.stringify(document) }),
      }),
  };
}
