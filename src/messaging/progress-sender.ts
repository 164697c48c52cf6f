import type { Destination } from '#core/destination.js';
import type { Message } from '#core/message.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { StatusEvent } from '#core/status-event.js';
import { toContents } from './contents.js';

export interface ProgressSenderOptions {
  /** `{prefix}.status`. */
  readonly status: Destination;
  readonly clock: Clock;
  readonly newId: IdSource;
  /** Resolves when the broker has confirmed. */
  readonly send: (destination: Destination, message: Message) => Promise<void>;
}

/**
 * Sends a progress event about a request to the status queue, persistently.
 *
 * @throws RangeError when percent is not a number from 0 to 100
 */
export async function sendProgress(
  { status, clock, newId, send }: ProgressSenderOptions,
  request: Message,
  percent: number,
  text?: string,
): Promise<void> {
  if (!(percent >= 0 && percent <= 100)) throw new RangeError(`progress ${percent}: 0 to 100 is allowed`);
  const event: StatusEvent = {
    id: newId(),
    project: request.properties.project ?? null,
    subject: request.messageId,
    kind: 'progress',
    percent,
    ...(text === undefined ? {} : { text }),
    time: clock.now(),
  };
  const { body, contentType } = toContents(event);
  await send(status, {
    messageId: event.id,
    correlationId: null,
    replyTo: null,
    time: event.time,
    contentType,
    body,
    properties: {},
    applicationHeaders: {},
  });
}
