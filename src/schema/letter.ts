import { z } from 'zod';
import { letterKinds } from '#core/ports/dead-letters.js';
import { parseJsonDocument } from './json-document.js';
import { messageIdSchema } from './message.js';
import type { Parsed } from './problems.js';

/** Digits without leading zeros. */
export const letterIdSchema = z
  .string({ error: 'digits, as in a list' })
  .regex(/^[1-9]\d{0,14}$/u, { error: 'digits, as in a list' });

const nullableText = z.union([z.string(), z.null()]);
const instant = z.union([z.iso.datetime(), z.null()]);

/** A dead letter, an invalid message or an unmatched reply, as it stands in a list. Instants are ISO 8601 in UTC. */
export const letterSummarySchema = z.object({
  id: letterIdSchema,
  kind: z.enum(letterKinds),
  queue: nullableText.describe('Queue it was meant for or came from; null for an unmatched reply.'),
  reason: z.string().describe('Why it is here.'),
  messageId: nullableText.describe('`Message-ID` of the message itself.'),
  correlationId: nullableText.describe('Of a reply the `Message-ID` that it names as its request.'),
  receivedAt: z.iso.datetime().describe('When it came here.'),
  editedAt: instant,
  bytes: z.int().min(0).describe('Of its body.'),
  isWhole: z.boolean().describe('Whether it says enough to be sent again, or to be matched.'),
  links: z.object({
    self: z.string().describe('This letter.'),
    body: z.string().describe('Its body as it is.'),
  }),
});

const headersSchema = z.record(z.string(), z.string());

/** A letter that was asked for by its id. */
export const letterSchema = letterSummarySchema.extend({
  replyTo: nullableText.describe('Where a reply to it goes.'),
  contentType: nullableText,
  headers: headersSchema.describe('Application headers, which may be edited.'),
  isFault: z.boolean().describe('Whether its body is a fault.'),
  receivedHeaders: headersSchema.describe('All headers, as they came.'),
  body: z.exactOptional(z.string()).describe('Where it is text, of at most 1 MiB.'),
  bodyBase64: z.exactOptional(z.string()).describe('Where it is none, of at most 1 MiB.'),
});

export type LetterSummaryDocument = Readonly<z.output<typeof letterSummarySchema>>;
export type LetterDocument = Readonly<z.output<typeof letterSchema>>;

const base64Allowed = 'base64 (RFC 4648), with its padding';
const base64 = z
  .string({ error: base64Allowed })
  .regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/u, { error: base64Allowed });

/** What is to be another in a letter; what is absent stays as it is. */
export const letterEditSchema = z
  .strictObject({
    contentType: z.exactOptional(nullableText).describe('Null: none.'),
    headers: z
      .exactOptional(z.record(z.string(), nullableText))
      .describe('Application headers by name; null takes one away, those that are not named stay.'),
    body: z.exactOptional(z.string()).describe('Text, in UTF-8.'),
    bodyBase64: z.exactOptional(base64).describe('Any bytes.'),
  })
  .refine(({ body, bodyBase64 }) => body === undefined || bodyBase64 === undefined, {
    error: 'a body or a bodyBase64, not both',
  });

export type LetterEditDocument = Readonly<z.output<typeof letterEditSchema>>;

/** Of `POST /unmatched-replies/{id}/match`. */
export const matchSchema = z.strictObject({
  requestId: messageIdSchema.describe('The request that the reply is for.'),
});

export function parseLetterEdit(body: Uint8Array): Parsed<LetterEditDocument> {
  return parseJsonDocument(letterEditSchema, body);
}

export function parseMatch(body: Uint8Array): Parsed<{ readonly requestId: string }> {
  return parseJsonDocument(matchSchema, body);
}
