import { isReplytoError } from '#core/errors.js';
import type { Clock } from '#core/ports/clock.js';
import type { HandledMessages } from '#core/ports/handled-messages.js';
import type { Logger } from '#core/ports/logger.js';
import { pause } from './pause.js';

const retryMs = 1_000;

/**
 * A memory that is asked until it answers. Were a request left to the broker because its memory is away, it would
 * stay here, unacknowledged and unhandled, as long as the connection lives.
 *
 * @throws what the memory throws when trying again cannot help, or once the signal is aborted.
 */
export function createPatientMemory(
  memory: HandledMessages,
  { clock, logger, signal }: { readonly clock: Clock; readonly logger: Logger; readonly signal: AbortSignal },
): HandledMessages {
  async function untilAnswered<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!isReplytoError(error) || !error.retryable || signal.aborted) throw error;
        logger.warn({ err: error }, 'the memory of handled messages does not answer');
      }
      await pause(clock, retryMs, signal);
    }
  }

  return {
    begin: (queue, messageId) => untilAnswered(() => memory.begin(queue, messageId)),
    remember: (queue, messageId, reply) => untilAnswered(() => memory.remember(queue, messageId, reply)),
    forget: (queue, messageId) => untilAnswered(() => memory.forget(queue, messageId)),
  };
}
