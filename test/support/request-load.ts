import { randomUUID } from 'node:crypto';
import { call, post } from './http.js';

/** Requests posted in the background, each with an id of its own; what was accepted must be answered. */
export interface RequestLoad {
  /** Ids with a 202 or 200, in the order of their answers. */
  readonly accepted: readonly string[];
  /** Calls that failed: the gateway was not there, or refused. */
  readonly refused: number;
  /** Stops posting; resolves when no call is under way. */
  stop(): Promise<void>;
}

export interface RequestLoadOptions {
  readonly url: string;
  readonly queue: string;
  /** Callers that post one after the other. */
  readonly callers: number;
  /** Milliseconds between two posts of one caller. */
  readonly pauseMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the callers pause, because the service is behind; default never. */
  readonly isAhead?: () => boolean;
}

/** The body of a request names its id, and a good service sends it back. */
function bodyOf(id: string): string {
  return JSON.stringify({ id });
}

/** What became of requests that were accepted; both numbers have to be 0. */
interface Outcome {
  /** How many have no reply. */
  readonly lost: number;
  /** How many have a reply that is not their own. */
  readonly wrong: number;
}

/** Asks for the reply of each, one after the other, and waits at most so many seconds for it. */
export async function outcomeOf(url: string, ids: readonly string[], waitSeconds = 30): Promise<Outcome> {
  let lost = 0;
  let wrong = 0;
  for (const id of ids) {
    const answer = await call(`${url}/requests/${id}/reply`, { headers: { prefer: `wait=${waitSeconds}` } });
    if (answer.status !== 200) lost += 1;
    else if (answer.text() !== bodyOf(id)) wrong += 1;
  }
  return { lost, wrong };
}

export function startRequestLoad({
  url,
  queue,
  callers,
  pauseMs,
  headers = {},
  isAhead = () => false,
}: RequestLoadOptions): RequestLoad {
  const accepted: string[] = [];
  let refused = 0;
  let running = true;

  async function caller(): Promise<void> {
    while (running) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      if (isAhead()) continue;
      const id = randomUUID();
      try {
        const answer = await post(`${url}/requests/${queue}`, bodyOf(id), {
          'content-type': 'application/json',
          'message-id': id,
          ...headers,
        });
        if (answer.status === 202 || answer.status === 200) accepted.push(id);
        else refused += 1;
      } catch {
        refused += 1;
      }
    }
  }

  const all = Promise.all(Array.from({ length: callers }, caller));
  return {
    accepted,
    get refused() {
      return refused;
    },
    async stop() {
      running = false;
      await all;
    },
  };
}
