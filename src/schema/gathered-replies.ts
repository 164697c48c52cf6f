import { z } from 'zod';
import { requestStates } from '#core/request.js';
import { faultSchema } from './fault.js';
import { messageIdSchema } from './message.js';

const replySchema = z.object({
  queue: z.string(),
  id: messageIdSchema.describe('Of the child; its reply, as it came, is at /requests/{id}/reply.'),
  contentType: z.union([z.string(), z.null()]),
  body: z.exactOptional(z.string()).describe('Of a reply that is text in UTF-8.'),
  bodyBase64: z.exactOptional(z.string()).describe('Of any other.'),
  fault: z.exactOptional(faultSchema).describe('Instead of a body: the service answered with a Fault.'),
  omittedBytes: z
    .exactOptional(z.int().min(0))
    .describe(
      'Instead of a body: so many bytes are more than there is room for here; ask the child for them.',
    ),
});

const missingSchema = z.object({
  queue: z.string(),
  id: messageIdSchema.describe('Of the child.'),
  status: z
    .enum(requestStates)
    .describe('As it was when the request ended. A reply that comes later is kept by the child.'),
});

/** The reply to a request to several queues. */
export const gatheredRepliesSchema = z.object({
  complete: z.boolean().describe('Whether as many replies came as were expected.'),
  replies: z.array(replySchema).describe('In the order in which the queues were named.'),
  missing: z.array(missingSchema).describe('Queues without a reply.'),
});

export type GatheredReplies = z.output<typeof gatheredRepliesSchema>;
export type GatheredReply = z.output<typeof replySchema>;
