import { Agent, request } from 'undici';
import { pause } from '../../tools/clock.js';
import { toEventBody } from './event-body.js';
import { createPublisher } from './publisher.js';
import type { Publisher } from './publisher.js';

export interface CallerOptions {
  /** Of each client. */
  readonly addresses: readonly string[];
  /** Whether what nobody took is posted again; see {@link retrying}. */
  readonly retries: boolean;
}

const tries = 8;
const firstPauseMs = 500;
const longestPauseMs = 4_000;

/** Of the given attempt, counted from 1. */
function pauseAfter(attempt: number): number {
  return Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1));
}

/** Calls of one event: after 0.5 s, 1 s, 2 s, then every 4 s. */
export const retrying = {
  tries,
  withinMs: Array.from({ length: tries - 1 }, (_, index) => pauseAfter(index + 1)).reduce(
    (sum, ms) => sum + ms,
    0,
  ),
};

const callWithinMs = 10_000;

/** Posts each event to the client that it is for, over a kept-alive connection per client. */
export function createCaller({ addresses, retries }: CallerOptions): Publisher {
  const agent = new Agent({ connections: 1, headersTimeout: callWithinMs });

  async function post(address: string, body: string): Promise<void> {
    const response = await request(address, {
      ...{ method: 'POST', body, dispatcher: agent },
      headers: { 'content-type': 'application/json' },
    });
    await response.body.dump();
    if (response.statusCode !== 204) throw new Error(`${response.statusCode} of a callback`);
  }

  return createPublisher(
    async (event) => {
      const address = addresses[event.client];
      if (address === undefined) throw new Error(`client ${event.client} has no address`);
      const body = toEventBody(event);
      for (let attempt = 1; ; attempt += 1) {
        try {
          await post(address, body);
          return;
        } catch (error) {
          if (!retries || attempt === tries) throw error;
          await pause(pauseAfter(attempt));
        }
      }
    },
    () => agent.close(),
  );
}
