import fc from 'fast-check';
import { queue, queueNameProblem } from '#core/destination.js';
import type { Destination } from '#core/destination.js';
import { headerProblem } from '#core/header-text.js';
import type { Message, MessageProperties } from '#core/message.js';
import { isMessageId } from '#core/message.js';

/** Text that travels, in every script; never empty, for an empty header reads as absent. */
const text = fc
  .oneof(fc.string({ minLength: 1 }), fc.string({ unit: 'binary', minLength: 1 }))
  .filter((value) => headerProblem('x-a', value) === undefined);

const messageId = fc
  .string({ unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)), minLength: 1 })
  .filter(isMessageId);

const destination: fc.Arbitrary<Destination> = fc
  .string({ minLength: 1, maxLength: 40 })
  .filter((name) => queueNameProblem('queue', name) === undefined && !name.includes(':'))
  .map(queue);

const count = fc.nat({ max: 999_999_999_999_999 });

const properties: fc.Arbitrary<MessageProperties> = fc.record(
  {
    ...{ conversationId: text, project: text, schema: text, storeId: text, replyToken: text },
    ...{ contentDigest: text, requestDigest: text, traceparent: text, tracestate: text, baggage: text },
    ...{ deadlineMs: count, expiresAt: count, attempt: count, resend: count, priority: fc.nat({ max: 9 }) },
    fault: fc.constant(true as const),
  },
  { requiredKeys: [] },
);

const headerName = fc.stringMatching(/^x-[a-z0-9\-_.!~]{1,20}$/u);

/**
 * Any message that may be sent and is told from a request and a reply by its fields: a message with a reply address
 * has no correlation id of its own, or one that is not its message id.
 */
export const anyMessage: fc.Arbitrary<Message> = fc
  .record({
    messageId,
    correlationId: fc.option(messageId),
    replyTo: fc.option(destination),
    time: count,
    contentType: fc.option(text),
    body: fc.uint8Array(),
    properties,
    applicationHeaders: fc.dictionary(headerName, text),
  })
  .filter((message) => message.correlationId !== message.messageId);
