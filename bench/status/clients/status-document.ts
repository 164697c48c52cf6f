/** `GET /requests/{id}`, as a client reads it that wants to know whether something has changed. */
import type { Client as Connection } from 'undici';
import { stepOf } from '../schedule.js';
import { get } from './http-connection.js';

interface StatusDocument {
  readonly progress: { readonly text: string | null } | null;
}

/**
 * One call; the step that is new by it, or 0.
 *
 * @throws Error when the connection breaks or the status is neither 200 nor 304
 */
export type StatusReader = (signal: AbortSignal) => Promise<number>;

/** @param conditional whether it says what it knows, so that the gateway can answer 304 */
export function createStatusReader(
  connection: Connection,
  requestId: string,
  conditional: boolean,
): StatusReader {
  const path = `/requests/${requestId}`;
  let etag: string | undefined;
  let reached = 0;
  return async (signal) => {
    const { statusCode, headers, body } = await get(connection, {
      path,
      headers: conditional && etag !== undefined ? { 'if-none-match': etag } : {},
      signal,
    });
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
  };
}
