/** The description of queues over HTTP: reading a message under a lease, and what its holder does with it. */
import { z } from 'zod';
import { faultSchema } from '#schema/fault.js';
import { messageIdSchema } from '#schema/message.js';
import { longestLeaseMs } from '#schema/configuration.js';
import { accepted, problemHeaders, problems, requestBody } from './asking.js';
import type { DescribedHeaders } from './headers.js';
import { askingHeaders, bodyHeaders, readingHeaders } from './headers.js';
import type { Operation } from './parts.js';
import { headerParameters, headers, jsonOf, pathParameter } from './parts.js';

const queue = pathParameter('queue', z.string().min(1).max(255), 'Name of the queue.');
const lease = pathParameter('lease', z.string().min(1).max(64), 'The `Lease` that came with the message.');

const leaseSeconds: DescribedHeaders = {
  'Lease-Seconds': {
    schema: z
      .int()
      .min(1)
      .max(longestLeaseMs / 1_000),
    description: 'How long the message is kept for its reader, from now. Absent: `queues.leaseMs`.',
  },
};

/** Those that are about a reply say nothing here. */
const sendingHeaders = Object.fromEntries(
  Object.entries({ ...askingHeaders, ...bodyHeaders }).filter(
    ([name]) => !['Reply-To', 'Prefer', 'Request-Timeout'].includes(name),
  ),
);

const replyHeaders: DescribedHeaders = {
  ...bodyHeaders,
  'Message-ID': {
    schema: messageIdSchema,
    description: 'Identity of the reply. Absent: one is made and returned.',
  },
  Fault: {
    schema: z.enum(['true', 'false']),
    description:
      '`true`: the body is a fault, see `schemas/fault.v1.json`, and the caller gets it as a problem.',
  },
};

/** What a service says; a fault has a shape of its own. */
const replyBody: NonNullable<Operation['requestBody']> = {
  description: 'Any bytes; or a fault, with `Fault: true`.',
  content: { '*/*': { schema: {} }, 'application/json': { schema: faultSchema } },
};

const ended = ['INVALID_REQUEST', 'DESTINATION_NOT_ALLOWED', 'LEASE_NOT_FOUND', 'LEASE_ENDED'] as const;

export const queueOperations: readonly Operation[] = [
  {
    id: 'readMessage',
    method: 'get',
    withoutHead: true,
    path: '/queues/{queue}/messages',
    tag: 'Queues',
    summary: 'Take the next message',
    description:
      'The message is leased, not destroyed: it goes back to its queue, with a raised `Attempt`, unless it is acknowledged, answered or renewed in time.',
    parameters: [queue, ...headerParameters({ ...readingHeaders, ...leaseSeconds })],
    answers: {
      200: {
        description: 'The message as it was sent, with its content type and its `X-` headers.',
        headers: headers(
          [
            'Correl-ID',
            'Reply-To',
            'Fault',
            'Conversation-ID',
            'Project',
            'Schema',
            'Reply-Token',
            'Content-Digest',
            'Expires-At',
            'Resend',
            'traceparent',
            'tracestate',
            'baggage',
            'Preference-Applied',
          ],
          ['Message-ID', 'Time', 'Attempt', 'Lease', 'Lease-Expires', 'Content-Location', 'Vary'],
        ),
        content: { '*/*': { schema: {} } },
      },
      204: {
        description: 'None came within the wait.',
        headers: headers(['Preference-Applied'], ['Vary']),
      },
    },
    problems: [
      'INVALID_REQUEST',
      'DESTINATION_NOT_ALLOWED',
      'TOO_MANY_WAITING',
      'SUBSCRIBE_REFUSED',
      'BROKER_UNAVAILABLE',
      'STORE_UNAVAILABLE',
      'SHUTTING_DOWN',
    ],
    problemHeaders: ['Preference-Applied'],
  },
  {
    id: 'sendMessage',
    method: 'post',
    path: '/queues/{queue}/messages',
    tag: 'Queues',
    summary: 'Send one message',
    description:
      'The same as asking the queue with `Reply-To: none`: stored, answered with 202, sent now or when the broker is back.',
    parameters: [queue, ...headerParameters(sendingHeaders)],
    requestBody,
    answers: { 202: accepted },
    problems: [...problems, 'SCHEMA_MISMATCH'],
    problemHeaders,
  },
  {
    id: 'acknowledgeMessage',
    method: 'delete',
    path: '/queues/{queue}/messages/{lease}',
    tag: 'Queues',
    summary: 'Acknowledge a message',
    description: 'It is done with. Again gives the same answer.',
    parameters: [queue, lease],
    answers: { 204: { description: 'It is gone.' } },
    problems: [...ended, 'STORE_UNAVAILABLE'],
  },
  {
    id: 'replyToMessage',
    method: 'post',
    path: '/queues/{queue}/messages/{lease}/reply',
    tag: 'Queues',
    summary: 'Reply and acknowledge',
    description:
      'In one step: the reply goes to the `Reply-To` of the message, and the message is done with. The same reply again gives the same answer.',
    parameters: [queue, lease, ...headerParameters(replyHeaders)],
    requestBody: replyBody,
    answers: {
      202: {
        description: 'The reply is stored, and sent now or when the broker is back.',
        headers: headers(['Message-ID', 'Idempotent-Replayed']),
      },
    },
    problems: [
      ...ended,
      'NO_REPLY_ADDRESS',
      'SCHEMA_MISMATCH',
      'BODY_UNREADABLE',
      { code: 'BODY_UNREADABLE', status: 408 },
      'BODY_TOO_LARGE',
      'TOO_MANY_WAITING',
      'UNSUPPORTED_CONTENT',
      'STORE_UNAVAILABLE',
      'SHUTTING_DOWN',
    ],
  },
  {
    id: 'renewLease',
    method: 'post',
    path: '/queues/{queue}/messages/{lease}/renew',
    tag: 'Queues',
    summary: 'Keep a message longer',
    parameters: [queue, lease, ...headerParameters(leaseSeconds)],
    answers: { 204: { description: 'It is kept until then.', headers: headers([], ['Lease-Expires']) } },
    problems: [...ended, 'STORE_UNAVAILABLE'],
  },
  {
    id: 'releaseMessage',
    method: 'post',
    path: '/queues/{queue}/messages/{lease}/release',
    tag: 'Queues',
    summary: 'Give a message back',
    description: 'At once, with a raised `Attempt`. Again gives the same answer.',
    parameters: [queue, lease],
    answers: { 204: { description: 'It goes back to its queue.' } },
    problems: [...ended, 'STORE_UNAVAILABLE'],
  },
];

/** Answering a request over HTTP, whoever got its message. */
export const answerRequest: Operation = {
  id: 'answerRequest',
  method: 'post',
  path: '/requests/{id}/reply',
  tag: 'Queues',
  summary: 'Answer a request',
  description:
    'For a service that got the request from the broker, minutes or days ago. The same reply again gives the same answer; another one is kept as a duplicate, up to a hundred.',
  parameters: [
    pathParameter('id', messageIdSchema, 'The `Message-ID` of the request.'),
    ...headerParameters({
      'Reply-Token': { schema: z.string(), description: 'The `Reply-Token` that came with the request.' },
      ...replyHeaders,
      'Request-Digest': {
        schema: z.string(),
        description:
          'The `Content-Digest` of the request as the service saw it; `verified` says whether it is right.',
      },
    }),
  ],
  requestBody: replyBody,
  answers: {
    200: {
      description: 'It is kept; the document says whether it came in time.',
      headers: headers(['Idempotent-Replayed'], ['Message-ID']),
      content: jsonOf('RequestStatus'),
    },
    204: {
      description: 'It is kept; the request belongs to another name than the one that called.',
      headers: headers(['Idempotent-Replayed']),
    },
  },
  problems: [
    'INVALID_REQUEST',
    'BODY_UNREADABLE',
    { code: 'BODY_UNREADABLE', status: 408 },
    'REPLY_TOKEN_WRONG',
    'REQUEST_NOT_FOUND',
    'BODY_TOO_LARGE',
    'TOO_MANY_WAITING',
    'UNSUPPORTED_CONTENT',
    'SCHEMA_MISMATCH',
    'TOO_MANY_REPLIES',
    'STORE_UNAVAILABLE',
    'SHUTTING_DOWN',
  ],
};
