/** `GET /requests/{id}`, as a client reads it that wants to know whether something has changed. */
import type { Client as Connection } from 'undici';
import { stepOf } from '../schedule.js';
import { get } from './http-connection.js';

interface StatusDocument {
  readonly progress: { readonly text: string | null } | null;
}

export interface StatusReader {
  /**
   * One call; the step that is new by it, or 0.
   *
   * @param waitSeconds how long the gateway may wait for a change; 0: it answers at once
   * @throws Error when the connection breaks or the status is neither 200 nor 304
   */
  read(waitSeconds: number, signal: AbortSignal): Promise<number>;
}

/** @param conditional whether it says what it knows, so that the gateway can answer 304 */
export function createStatusReader(
  connection: Connection,
  requestId: string,
  conditional: boolean,
): StatusReader {
  const path = `/requests/${requestId}`;
  let etag: string | undefined;
  let reached = 0;
  return {
    async read(waitSeconds, signal) {
      const response = await get(connection, {
        path,
        headers: {
          ...(conditional && etag !== undefined ? { 'if-none-match': etag } : {}),
          ...(waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {}),
        },
        signal,
      });
      const { statusCode, headers, body } = response;
      if (statusCode === 304) {
        await body.dump();
        return 0;
      }
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${statusCode} for ${path}: ${text.slice(0, 200)}`);
      etag = String(headers['etag']);
      const step = stepOf((JSON.parse(text) as StatusDocument).progress?.text);
      if (step <= reached) return 0;
      reached = step;
      return step;
    },
  };
}
