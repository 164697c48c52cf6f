/** `replyto send`: puts one message on a queue at the broker, confirmed, without a gateway. */
import { queue, queueNameProblem } from '#core/destination.js';
import { ReplytoError } from '#core/errors.js';
import type { Problem } from '#core/errors.js';
import { messageIdProblem } from '#core/message.js';
import type { Message, MessageProperties } from '#core/message.js';
import type { CommandContext } from '../command-context.js';
import type { GivenBody } from '../given-body.js';
import { readGivenBody, readGivenHeaders } from '../given-body.js';
import { systemClock as clock } from '../system-clock.js';
import type { BrokerToolOptions } from './connect.js';
import { connectTool, warnOfOwnQueue } from './connect.js';
import { newId } from '../new-id.js';

export interface SendOptions extends BrokerToolOptions {
  readonly queue: string;
  /** See `readGivenBody`. */
  readonly data?: string | undefined;
  readonly contentType?: string | undefined;
  readonly messageId?: string | undefined;
  readonly correlId?: string | undefined;
  /** Queue for an answer; makes the message a request. */
  readonly replyTo?: string | undefined;
  readonly project?: string | undefined;
  readonly priority?: number | undefined;
  /** `X-Name: value` each. */
  readonly header?: readonly string[] | undefined;
}

const closeMs = 5_000;

const headerRule = {
  allowed: 'a header that begins with X-',
  isAllowed: (name: string) => name.startsWith('x-'),
};

/**
 * Prints the message id when the broker has confirmed the message; resolves with exit code 0.
 *
 * @throws INVALID_ARGUMENT, SEND_REFUSED, RECEIPT_TIMEOUT and what connecting throws
 */
export async function send(context: CommandContext, options: SendOptions): Promise<number> {
  const messageId = options.messageId ?? newId();
  check(options, messageId);
  const headers = readGivenHeaders(options.header ?? [], headerRule);
  const given = await readGivenBody(context, options);
  const { broker } = await connectTool(context, options);
  try {
    await warnOfOwnQueue(context, broker, options.queue);
    const message = toMessage({ messageId, headers, given }, options);
    await broker.parts.broker.channel.send(queue(options.queue), message);
  } finally {
    await broker.close(closeMs);
  }
  await context.stdout.write(`${messageId}\n`);
  return 0;
}

function check({ queue: name, correlId, replyTo }: SendOptions, messageId: string): void {
  const problems = [
    queueNameProblem('queue', name),
    messageIdProblem('--message-id', messageId),
    correlId === undefined ? undefined : messageIdProblem('--correl-id', correlId),
    replyTo === undefined ? undefined : queueNameProblem('--reply-to', replyTo),
  ].filter((problem): problem is Problem => problem !== undefined);
  if (problems.length > 0) throw new ReplytoError('INVALID_ARGUMENT', { problems });
}

interface MessageParts {
  readonly messageId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly given: GivenBody;
}

function toMessage({ messageId, headers, given }: MessageParts, options: SendOptions): Message {
  const { correlId, replyTo, project, priority } = options;
  const properties: MessageProperties = {
    ...(project === undefined ? {} : { project }),
    ...(priority === undefined ? {} : { priority }),
  };
  return {
    messageId,
    correlationId: correlId ?? null,
    replyTo: replyTo === undefined ? null : queue(replyTo),
    time: clock.now(),
    contentType: given.contentType,
    body: given.body,
    properties,
    applicationHeaders: headers,
  };
}
