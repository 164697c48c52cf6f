/**
 * The JSON Schemas of the API description, made by zod from the schemas that validate and describe here. The
 * generator of the OpenAPI package is not asked for them: it lists members that may be absent as required, and
 * leaves the flags of regular expressions in their patterns.
 */
import { z } from 'zod';
import { errorKinds } from '#core/error-kinds.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { faultSchema } from '#schema/fault.js';
import { gatheredRepliesSchema } from '#schema/gathered-replies.js';
import { messageIdSchema } from '#schema/message.js';
import { problemSchema } from '#schema/problem.js';
import { requestStatusSchema } from '#schema/request-status.js';
import { statusEventSchema } from '#schema/status-event.js';
import { letterComponents } from './letter-schemas.js';
import { statusComponents } from './status-schemas.js';

/** A JSON Schema of 2020-12, the dialect of OpenAPI 3.1. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Reference {
  readonly $ref: string;
}

/** `GET /requests` */
const requestListSchema = z.object({ requests: z.array(requestStatusSchema) });

/** `data` of an event of `GET /requests/{id}/events`. */
const requestEventSchema = statusEventSchema.extend({
  number: z.int().min(1).describe('1, 2, ... without gaps, the same for good; also the id of the event.'),
});

/** A page of `GET /requests/{id}/events`. */
const requestEventPageSchema = z.object({
  events: z.array(requestEventSchema),
  next: z.int().min(0).describe('The `?after` of the next page.'),
  isOver: z
    .boolean()
    .describe(
      'The request has ended and this is the end of its history, but for a reply that comes late or again.',
    ),
});

const codes = Object.keys(errorKinds) as [ErrorCode, ...ErrorCode[]];

const problemPageSchema = z.object({
  code: z.enum(codes),
  type: z.string().describe('Path of its page, as in `type` of a problem.'),
  title: z.string().describe('One sentence.'),
  category: z.enum(['input', 'state', 'broker', 'store', 'start', 'internal']),
  httpStatus: z.int().min(400).max(599),
  retryable: z.boolean().describe('Whether the same call may succeed later.'),
  exitCode: z.int().min(0).max(255).describe('Of the command line.'),
  meaning: z.string(),
  remedy: z.string(),
});

const problemListSchema = z.object({ problems: z.array(problemPageSchema) });

const versionSchema = z.object({
  name: z.literal('replyto'),
  version: z.string(),
  node: z.string().optional().describe('Version of Node.js.'),
  broker: z
    .union([z.string(), z.null()])
    .optional()
    .describe('As it calls itself; null while there is no connection.'),
  brokerUrl: z
    .string()
    .optional()
    .describe(
      'Where the broker is, without login, password and parameters; `embedded:` is one inside of the gateway, on a port of its own choice.',
    ),
});

const components = {
  MessageId: messageIdSchema,
  Fault: faultSchema,
  Problem: problemSchema,
  RequestStatus: requestStatusSchema,
  RequestList: requestListSchema,
  GatheredReplies: gatheredRepliesSchema,
  RequestEvent: requestEventSchema,
  RequestEventPage: requestEventPageSchema,
  ...letterComponents,
  ...statusComponents,
  ProblemPage: problemPageSchema,
  ProblemList: problemListSchema,
  Version: versionSchema,
} as const;

export type ComponentName = keyof typeof components;

function pathOf(name: string): string {
  return `#/components/schemas/${name}`;
}

export function reference(name: ComponentName): Reference {
  return { $ref: pathOf(name) };
}

const options = {
  target: 'draft-2020-12',
  // What may be sent: the output side would forbid members of a later version.
  io: 'input',
  override: ({ jsonSchema }: { jsonSchema: z.core.JSONSchema.BaseSchema }) => {
    // zod spells the calendar out as a pattern of 250 characters; the format says the same.
    if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
  },
} as const;

/** `components.schemas` of the description. */
export function componentSchemas(): Readonly<Record<ComponentName, JsonSchema>> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(components)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { ...options, uri: pathOf });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, toJsonSchema(schema)]),
  ) as Record<ComponentName, JsonSchema>;
}

/** A schema that stands where it is used, as those of parameters and headers do. */
export function inlineSchema(schema: z.ZodType): JsonSchema {
  return toJsonSchema(z.toJSONSchema(schema, options));
}

/** Dialect and place are those of the document it stands in. */
function toJsonSchema(schema: z.core.JSONSchema.BaseSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== '$schema' && name !== '$id'));
}
