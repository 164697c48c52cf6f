/**
 * The JSON Schemas that other programs may rely on, made from the schemas that validate here. They are
 * written to schemas/ and shipped; a test fails when the files are not what this makes.
 */
import { z } from 'zod';
import { configurationSchema } from './configuration.js';
import { faultSchema } from './fault.js';
import { gatheredRepliesSchema } from './gathered-replies.js';
import { messageViewSchema } from './message.js';
import { problemSchema } from './problem.js';
import { requestStatusSchema } from './request-status.js';
import { sequencedEventSchema, statusEventSchema } from './status-event.js';

interface Published {
  /** File name in schemas/ without `.json`; its number rises when a reader of the old one would break. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly schema: z.ZodType;
}

const published: readonly Published[] = [
  {
    name: 'message.v1',
    title: 'Message',
    description:
      'The five fields of a message. A request has a reply address and no correlation id, a reply the reverse.',
    schema: messageViewSchema,
  },
  {
    name: 'fault.v1',
    title: 'Fault',
    description: 'Body of a reply with the header Fault: true; the service could not do what was asked.',
    schema: faultSchema,
  },
  {
    name: 'status-event.v1',
    title: 'Status event',
    description: 'One thing that happened to a request, a process or a user.',
    schema: statusEventSchema,
  },
  {
    name: 'sequenced-event.v1',
    title: 'Sequenced event',
    description: 'A status event as everybody reads it who follows its project, with its place in the order.',
    schema: sequencedEventSchema,
  },
  {
    name: 'problem.v1',
    title: 'Problem',
    description: 'application/problem+json (RFC 9457) as every error of the HTTP API carries it.',
    schema: problemSchema,
  },
  {
    name: 'request-status.v1',
    title: 'Request status',
    description: 'Where a request stands; the answer of GET /requests/{id} and of every 202.',
    schema: requestStatusSchema,
  },
  {
    name: 'gathered-replies.v1',
    title: 'Gathered replies',
    description: 'The reply to a request to several queues, which has the replies of all services in it.',
    schema: gatheredRepliesSchema,
  },
  {
    name: 'configuration.v1',
    title: 'Configuration',
    description: 'replyto.yaml',
    schema: configurationSchema,
  },
];

export interface SchemaDocument {
  /** `fault.v1.json` */
  readonly fileName: string;
  readonly document: Readonly<Record<string, unknown>>;
}

/** Every published schema, 2020-12; keys stand in a fixed order. */
export function schemaDocuments(): SchemaDocument[] {
  return published.map(({ name, title, description, schema }) => {
    // `input`: what may be sent. The output side would demand presets and forbid members of a later version.
    const { $schema, ...body } = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io: 'input',
      override: ({ jsonSchema }) => {
        // zod spells the calendar out as a pattern of 250 characters; the format says the same.
        if (jsonSchema.format === 'date-time') delete jsonSchema.pattern;
      },
    });
    return {
      fileName: `${name}.json`,
      document: { $schema, $id: `urn:replyto:schema:${name}`, title, description, ...body },
    };
  });
}
