import { z } from 'zod';
import { requestStates } from '#core/request.js';
import { faultSchema } from './fault.js';
import { messageIdSchema } from './message.js';

const instant = z.union([z.iso.datetime(), z.null()]);

const progressSchema = z.object({
  percent: z.union([z.number().min(0).max(100), z.null()]),
  text: z.union([z.string(), z.null()]),
});

const linksSchema = z.object({
  self: z.string().describe('This document.'),
  reply: z.string().describe('The reply, once there is one.'),
  events: z.string().describe('History and progress as server-sent events.'),
  parent: z
    .exactOptional(z.string())
    .describe('Of a child: the request to several queues that it is a part of.'),
  children: z.exactOptional(z.string()).describe('Of a request to several queues: the list of its children.'),
});

/** What `GET /requests/{id}` answers, and every 202. Instants are ISO 8601 in UTC. */
export const requestStatusSchema = z.object({
  id: messageIdSchema,
  status: z.enum(requestStates).describe('The last five are final.'),
  queue: z
    .string()
    .describe(
      'Of a request to several queues: their names with commas between, the first ones where they are many.',
    ),
  project: z.union([z.string(), z.null()]),
  replyTo: z.union([z.string(), z.null()]).describe('Queue that gets the reply too.'),
  createdAt: z.iso.datetime(),
  sentAt: instant.describe('When the broker confirmed it.'),
  repliedAt: instant.describe('When the first reply came.'),
  expiresAt: instant.describe('Null: never.'),
  attempts: z.int().min(0).describe('How often it was sent, as far as known.'),
  late: z.boolean().describe('Whether the first reply came after the request had ended.'),
  verified: z
    .union([z.boolean(), z.null()])
    .describe('Whether the service saw the body that was sent; null when it did not say.'),
  progress: z.union([progressSchema, z.null()]).describe('The last that the service told.'),
  fault: z.union([faultSchema, z.null()]),
  replies: z.int().min(0).describe('Replies kept: the first and its duplicates.'),
  parentId: z
    .exactOptional(messageIdSchema)
    .describe('Of a child: the request to several queues that it is a part of.'),
  children: z.exactOptional(z.int().min(2)).describe('Of a request to several queues: how many they are.'),
  links: linksSchema,
});

export type RequestStatus = Readonly<z.output<typeof requestStatusSchema>>;
