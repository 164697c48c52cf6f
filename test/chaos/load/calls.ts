/** What a caller does over HTTP: it begins at the gateway that is its own, and repeats what failed at the next one. */
import type { HttpAnswer, HttpCall } from '../../support/http.js';
import { call } from '../../support/http.js';
import type { Conversation } from './conversation.js';

export interface CallsOptions {
  /** Of the gateways. */
  readonly urls: readonly string[];
  /** Where replies go for those who want them in a queue. */
  readonly replyTo: string;
  /** Hears of answers that no caller should get, in words. */
  readonly onStrange: (what: string) => void;
  /** Aborted when nobody tries any more. */
  readonly signal: AbortSignal;
}

export interface Calls {
  /** Posts it until it is accepted, and says so in it. Resolves with the reply, where it came at once. */
  post(conversation: Conversation): Promise<string | null>;
  /** Asks for its reply until it is there. Null: nobody tries any more. */
  reply(conversation: Conversation): Promise<HttpAnswer | null>;
}

const waitSeconds = 5;
const giveUpMs = (waitSeconds + 5) * 1_000;
const pauseMs = 100;

/** Refused for now: the store is away, or too much waits. */
const refused: ReadonlySet<number> = new Set([429, 503]);

export function createCalls({ urls, replyTo, onStrange, signal }: CallsOptions): Calls {
  /** Null: there was no answer at all. */
  async function attempt(url: string, options: HttpCall): Promise<HttpAnswer | null> {
    try {
      const ends = AbortSignal.any([signal, AbortSignal.timeout(giveUpMs)]);
      return await call(url, { ...options, signal: ends });
    } catch {
      return null;
    }
  }

  function urlFor({ caller }: Conversation, failures: number): string {
    return urls[(caller + failures) % urls.length] ?? '';
  }

  function tellStrange(what: string, answer: HttpAnswer | null): void {
    if (answer === null || refused.has(answer.status)) return;
    onStrange(`${what} was answered ${answer.status}: ${answer.text().slice(0, 300)}`);
  }

  async function pause(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }

  return {
    async post(conversation) {
      const { id, way, queue } = conversation;
      const headers = {
        ...{ 'content-type': 'application/json', 'message-id': id },
        prefer: way === 'wait' ? `wait=${waitSeconds}` : 'respond-async',
        ...(way === 'reply-to' ? { 'reply-to': replyTo } : {}),
      };
      const options = { method: 'POST', headers, body: JSON.stringify({ id }) } as const;
      for (let failures = 0; !signal.aborted; failures += 1) {
        const answer = await attempt(`${urlFor(conversation, failures)}/requests/${queue}`, options);
        if (answer?.status === 200 || answer?.status === 202) {
          conversation.isAccepted = true;
          return answer.status === 200 ? answer.text() : null;
        }
        tellStrange(`the post of ${id}`, answer);
        await pause();
      }
      return null;
    },
    async reply(conversation) {
      const { id } = conversation;
      const headers = { prefer: `wait=${waitSeconds}` };
      let failures = 0;
      while (!signal.aborted) {
        const answer = await attempt(`${urlFor(conversation, failures)}/requests/${id}/reply`, { headers });
        if (answer?.status === 200) return answer;
        if (answer?.status === 202) continue;
        failures += 1;
        tellStrange(`the question about ${id}`, answer);
        await pause();
      }
      return null;
    },
  };
}
