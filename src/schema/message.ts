import { z } from 'zod';

/** The characters of core/message.ts as one pattern, so that the published schema holds it too. */
const messageIdPattern = /^(?!\.{1,2}$)[!"$&-.0->@-[\]-~]{1,255}$/u;

export const messageIdSchema = z
  .string()
  .regex(messageIdPattern, {
    error: '1-255 visible ASCII characters without / \\ % ? #, not . or ..',
  })
  .describe('Identity of the message.');

/** The message as JSON: its five fields. On the wire they are headers and a body. */
export const messageViewSchema = z.object({
  messageId: messageIdSchema,
  correlId: z
    .union([messageIdSchema, z.null()])
    .describe('On a reply the message id of its request; null on a request.'),
  replyTo: z
    .union([z.string().min(1), z.null()])
    .describe('On a request the queue that gets the reply; null on a reply.'),
  time: z.int().min(0).describe('Epoch milliseconds at the sender.'),
  contents: z.unknown().describe('The body: JSON as it is, any other text as a string.'),
});
