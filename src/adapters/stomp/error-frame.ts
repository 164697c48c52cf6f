import type { StompHeaders } from '@stomp/stompjs';
import { ReplytoError } from '#core/errors.js';
import { saysTooLarge, unavailable } from './failures.js';
import type { Receipts } from './receipts.js';

export interface BrokerError {
  readonly headers: StompHeaders;
  readonly body: Uint8Array;
  readonly isLoggedIn: boolean;
}

/** Characters that are kept of what a broker says; it stands in logs and answers. */
const mostSaid = 500;

export interface ErrorContext {
  /** Of the broker, for errors. */
  readonly name: string;
  readonly receipts: Receipts;
  /** See Dialect. */
  readonly closesItself: boolean;
}

/**
 * What an ERROR means. The send that it names is rejected and the connection goes on, unless the broker closes it; else the
 * connection ends with what is returned.
 */
export function toFailure(
  { headers, body, isLoggedIn }: BrokerError,
  { name, receipts, closesItself }: ErrorContext,
): ReplytoError | undefined {
  const said = (headers['message'] ?? Buffer.from(body).toString()).slice(0, mostSaid);
  if (!isLoggedIn) {
    return new ReplytoError('BROKER_LOGIN_REFUSED', { detail: `${name} refused the login: ${said}` });
  }
  const receiptId = headers['receipt-id'] ?? '';
  const destination = receipts.destinationOf(receiptId);
  const isTooLarge = saysTooLarge(said);
  const facts = { detail: `${name} refused the frame: ${said}`, ...(destination && { destination }) };
  const refusal = new ReplytoError(isTooLarge ? 'INVALID_ARGUMENT' : 'SEND_REFUSED', facts);
  const isNamed = receipts.settle(receiptId, refusal);
  if (isNamed && !closesItself) return undefined;
  if (receiptId === '') receipts.refuseSubscriptions(refusal);
  const detail = `${name} reported an error: ${said}`;
  if (isTooLarge && !isNamed) receipts.refuseLargest(detail);
  // What else was written may not have been read; an ERROR that names no frame leaves open which one failed.
  return unavailable(detail);
}
