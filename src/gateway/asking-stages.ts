/** How long a call that asks takes, for the meter: until its request is on disk, and from its reply to its answer. */
import type { ServerResponse } from 'node:http';
import type { Answer } from '#messaging/requestor.js';
import type { GatewayContext } from './context.js';

export interface AskingStages {
  /** The request is on disk. */
  accepted(joined: boolean): void;
  /** The call failed; after `accepted` that is no matter of its acceptance any more. */
  refused(): void;
  /** The answer is about to be written, or its caller is gone. */
  answered(response: ServerResponse, answer: Answer): void;
}

/** Begins now: with the headers of the call. */
export function timeAsking(
  { clock, meter }: Pick<GatewayContext, 'clock' | 'meter'>,
  queue: string,
): AskingStages {
  const arrivedAt = clock.monotonic();
  const arrivedTime = clock.now();
  let isAccepted = false;

  function acceptTook(outcome: 'accepted' | 'joined' | 'refused'): void {
    meter.took('accept', outcome, queue, clock.monotonic() - arrivedAt);
  }

  return {
    accepted(joined) {
      isAccepted = true;
      acceptTook(joined ? 'joined' : 'accepted');
    },
    refused() {
      if (!isAccepted) acceptTook('refused');
    },
    answered(response, { reply }) {
      // A reply that was there before nobody has waited for.
      if (reply === null || reply.receivedAt < arrivedTime) return;
      const end = (): void => {
        const outcome = reply.fault === null ? 'replied' : 'faulted';
        const afterMs = clock.now() - reply.receivedAt;
        meter.took('answer', response.writableFinished ? outcome : 'gone', queue, afterMs);
      };
      if (response.destroyed) end();
      else response.once('close', end);
    },
  };
}
