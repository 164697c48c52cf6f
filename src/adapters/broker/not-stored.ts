import { isReplytoError } from '#core/errors.js';
import { StompRefusal, refusal } from '#adapters/stomp-server/refusal.js';

/** What the log threw, as an answer to the client; the connection serves on. Anything else stays what it is. */
export function notStored(error: unknown): unknown {
  if (error instanceof StompRefusal || !isReplytoError(error)) return error;
  return refusal('not stored', `Nothing of it was done, try again later: ${error.message}`);
}
