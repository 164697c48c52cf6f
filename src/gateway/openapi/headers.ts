/** Every header of the HTTP API that is this product's own: what may stand in it and what it means. */
import { z } from 'zod';
import { messageIdSchema } from '#schema/message.js';
import { projectNameSchema } from '#schema/project-name.js';
import { longestTimeoutSeconds } from '../asking-headers.js';

export interface DescribedHeader {
  readonly schema: z.ZodType;
  /** Examples stand in words: the page at /docs would fill them in. */
  readonly description: string;
}

export type DescribedHeaders = Readonly<Record<string, DescribedHeader>>;

const seconds = z.int().min(0);
const traceHeader = z.string().max(8_192);

const prefer: DescribedHeader = {
  schema: z.string(),
  description:
    '`wait=10` keeps the call waiting at most 10 seconds, or up to the limit of the server; `respond-async` asks ' +
    'for the 202 at once; with both the wait comes first (RFC 7240).',
};

/** Headers of a call that asks. */
export const askingHeaders: DescribedHeaders = {
  'Message-ID': {
    schema: messageIdSchema,
    description:
      'Identity of the request, and what makes repeating it safe: the same id with the same content joins the ' +
      'first call. Absent: a UUID is made and returned.',
  },
  'Idempotency-Key': {
    schema: z
      .string()
      .min(1)
      .max(257)
      .regex(/^(?:"[^"\\]*"|[^"\\]+)$/u),
    description:
      'The same as `Message-ID` in its standard spelling, a string in double quotes. Both given must agree.',
  },
  Time: {
    schema: z.int().min(0).max(999_999_999_999_999),
    description:
      'Epoch milliseconds at the caller, such as 1552959300136; carried on, never trusted for deadlines. Absent: the time of arrival.',
  },
  'Reply-To': {
    schema: z.string().min(1).max(255),
    description:
      'Queue that gets the reply too; the call then waits only when `Prefer` says so. `none`: no reply is ' +
      'expected, the message has no reply address. Absent: the reply is kept and waited for only.',
  },
  'Correl-ID': {
    schema: z.string().max(8_192),
    description: 'Conversation of the caller, carried on as `Conversation-ID`; never used for matching.',
  },
  Project: {
    schema: projectNameSchema,
    description: 'Project the request belongs to. Absent: the one of the route.',
  },
  Prefer: {
    ...prefer,
    description: `${prefer.description} Absent: \`waitMs\` of the route, or no wait when \`Reply-To\` is given.`,
  },
  'Request-Timeout': {
    schema: z.int().min(1).max(longestTimeoutSeconds),
    description: 'Seconds until the request expires without a reply. Absent: `timeoutMs` of the route.',
  },
  'Message-Priority': {
    schema: z.int().min(0).max(9),
    description: 'Priority of the message at the broker. Absent: 4.',
  },
  traceparent: {
    schema: traceHeader,
    description: 'W3C Trace Context, continued. Absent: a new trace begins.',
  },
  tracestate: { schema: traceHeader, description: 'W3C Trace Context, continued.' },
  baggage: { schema: traceHeader, description: 'W3C Baggage, continued.' },
};

/** Of every call whose body goes on as a message. */
export const bodyHeaders: DescribedHeaders = {
  'Content-Digest': {
    schema: z.string(),
    description:
      'Digest of the body as it is sent, by `sha-256` or `sha-512` (RFC 9530): a body that is another is refused. ' +
      'Other algorithms are passed over. The message gets a digest of its own.',
  },
};

/** Headers of a call that asks for a request or its reply. */
export const readingHeaders = {
  Prefer: { ...prefer, description: `${prefer.description} Absent: no wait.` },
} as const satisfies DescribedHeaders;

export const ifNoneMatch: DescribedHeader = {
  schema: z.string(),
  description:
    'The `ETag` of the document that is known, such as `"v3"`. With `Prefer: wait=N` the call waits until it differs.',
};

export const ifMatch: DescribedHeader = {
  schema: z.string(),
  description:
    'The `ETag` under which the letter is known: a letter that is another by now stays as it is, 412.',
};

export const lastEventId: DescribedHeader = {
  schema: z.int().min(0),
  description: 'Number of the last event that came; those after it follow. Goes before `?after`.',
};

/** Headers of answers. */
export const answerHeaders = {
  'Message-ID': {
    schema: messageIdSchema,
    description: 'With a reply the id of the reply, otherwise the id of the request it is about.',
  },
  'Correl-ID': {
    schema: messageIdSchema,
    description: 'The `Message-ID` of the request that this reply answers.',
  },
  Time: { schema: z.int().min(0), description: 'Epoch milliseconds at the service that replied.' },
  Late: {
    schema: z.literal('true'),
    description: 'The reply came after the request had ended. Absent: it came in time.',
  },
  Location: { schema: z.string(), description: 'Path of the status document: `/requests/{id}`.' },
  'Retry-After': { schema: seconds, description: 'Seconds after which asking again makes sense.' },
  'WWW-Authenticate': {
    schema: z.string(),
    description: '`Bearer`; with `error="invalid_token"` where one was given (RFC 6750).',
  },
  'Preference-Applied': {
    schema: z.string(),
    description: 'What of `Prefer` was followed, with the wait as capped by the server.',
  },
  Vary: { schema: z.string(), description: 'The answer depends on these headers of the call.' },
  'Idempotent-Replayed': {
    schema: z.literal('true'),
    description: 'This id was posted before with the same content; nothing was sent again.',
  },
  'Reply-To': { schema: z.string(), description: 'Where a reply goes. Absent: none is expected.' },
  Fault: { schema: z.literal('true'), description: 'The body is a fault.' },
  'Conversation-ID': { schema: z.string(), description: 'The `Correl-ID` that the caller gave.' },
  Project: { schema: projectNameSchema, description: 'Project the message belongs to.' },
  Schema: { schema: z.string(), description: 'Schema of the body, `name@version`.' },
  'Reply-Token': {
    schema: z.string(),
    description: 'Lets the service answer by `POST /requests/{id}/reply`.',
  },
  'Content-Digest': {
    schema: z.string(),
    description: 'Digest of the body, as whoever sent the message wrote it (RFC 9530).',
  },
  'Expires-At': { schema: z.int(), description: 'Epoch milliseconds after which nobody waits for a reply.' },
  Attempt: {
    schema: z.int().min(1),
    description: 'How often the message has been handed out, this time included.',
  },
  Resend: { schema: z.int().min(1), description: 'How often the gateway sent it again. Absent: never.' },
  traceparent: { schema: z.string(), description: 'W3C Trace Context.' },
  tracestate: { schema: z.string(), description: 'W3C Trace Context.' },
  baggage: { schema: z.string(), description: 'W3C Baggage.' },
  Lease: { schema: z.string(), description: 'Name of the lease; whoever knows it may acknowledge.' },
  'Lease-Expires': {
    schema: z.int(),
    description: 'Epoch milliseconds at which the message goes back to its queue.',
  },
  'Content-Location': {
    schema: z.string(),
    description: 'Path of the lease: DELETE acknowledges; POST to it with `/reply`, `/renew` or `/release`.',
  },
  ETag: { schema: z.string(), description: 'Version of the document, for `If-None-Match` and `If-Match`.' },
  Link: {
    schema: z.string(),
    description: 'The next page, `rel="next"`, or how a change of many goes on. Absent: this is the end.',
  },
} as const satisfies DescribedHeaders;

export type AnswerHeaderName = keyof typeof answerHeaders;
