import type { Logger } from '#core/ports/logger.js';
import type { Part } from './parts.js';

/** A part whose start waits for the broker, which may be away, and for which nobody else waits. */
export function backgroundPart(
  name: string,
  part: { start(): Promise<void>; stop(deadlineMs: number): Promise<void> },
  logger: Logger,
): Part {
  return {
    name,
    start() {
      part.start().catch((error: unknown) => logger.warn({ err: error, part: name }, 'a part does not work'));
    },
    stop: (deadlineMs) => part.stop(deadlineMs),
  };
}
