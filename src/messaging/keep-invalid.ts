import { toMessageBlock } from '#core/message.js';
import type { DeadLetters } from '#core/ports/dead-letters.js';
import type { Logger } from '#core/ports/logger.js';
import type { Delivery } from '#core/ports/message-source.js';
import type { Meter } from '#core/ports/meter.js';

export interface KeepInvalidOptions {
  readonly deadLetters: DeadLetters;
  readonly meter: Meter;
  readonly logger: Logger;
  /** What the log says of it. */
  readonly sentence: string;
  /** It would only come back from its queue, so that nobody is to send it there again; default: somebody may. */
  readonly isEnd?: boolean;
}

/** The gateway's own finds go straight into the store; resolves after the commit. Once per delivery of the broker. */
export async function keepInvalid(
  { deadLetters, meter, logger, sentence, isEnd = false }: KeepInvalidOptions,
  { message, headers, brokerId, destination }: Delivery,
  reason: string,
): Promise<void> {
  const kept = await deadLetters.keep({
    id: `invalid ${brokerId?.value ?? message.messageId}`,
    kind: 'invalid',
    reason,
    queue: destination.name,
    headers,
    body: message.body,
    ...(isEnd ? {} : { again: { destination, message: toMessageBlock(message) } }),
  });
  if (kept) meter.count('messages-invalid');
  const { messageId, correlationId } = message;
  logger.warn({ messageId, correlationId, queue: destination.name, reason }, sentence);
}
