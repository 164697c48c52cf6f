/** `GET /requests/{id}/events?after=N`, as a client reads it that wants every step and keeps no stream open. */
import type { Client as Connection } from 'undici';
import { stepOf } from '../schedule.js';
import { get } from './http-connection.js';

interface EventPage {
  readonly events: readonly { readonly text?: string }[];
  readonly next: number;
}

/**
 * One call; the steps that are new by it, in order.
 *
 * @param waitSeconds how long the gateway may wait for one; 0: it answers at once
 * @throws Error when the connection breaks or the status is not 200
 */
export type EventPageReader = (waitSeconds: number, signal: AbortSignal) => Promise<readonly number[]>;

export function createEventPageReader(connection: Connection, requestId: string): EventPageReader {
  let after = 0;
  return async (waitSeconds, signal) => {
    const path = `/requests/${requestId}/events?after=${after}&kind=progress`;
    const { statusCode, body } = await get(connection, {
      path,
      headers: {
        accept: 'application/json',
        ...(waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {}),
      },
      signal,
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${statusCode} for ${path}: ${text.slice(0, 200)}`);
    const page = JSON.parse(text) as EventPage;
    after = page.next;
    return page.events.map((event) => stepOf(event.text));
  };
}
