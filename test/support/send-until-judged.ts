import type { Destination } from '#core/destination.js';
import type { ReplytoError } from '#core/errors.js';
import { toReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import { until } from './until.js';

/**
 * Sends as the outbox does: again, as long as the connection ends before the receipt. Null when it was confirmed, else
 * what the channel says of the message.
 */
export async function sendUntilJudged(
  channel: MessageChannel,
  destination: Destination,
  message: Message,
): Promise<ReplytoError | null> {
  for (;;) {
    await until(() => channel.isUp(), { what: 'a connection' });
    const error = await channel.send(destination, message).then(() => null, toReplytoError);
    if (error?.code !== 'SEND_UNCONFIRMED' && error?.code !== 'BROKER_UNAVAILABLE') return error;
  }
}
