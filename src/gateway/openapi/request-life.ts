/** The description of what is asked about one request: what happened to it, and what it waits for. */
import { messageIdSchema } from '#schema/message.js';
import type { Operation } from './parts.js';
import { jsonOf, pathParameter } from './parts.js';

const parameters = [pathParameter('id', messageIdSchema, 'The `Message-ID` of the request.')];

export const requestLifeOperations: readonly Operation[] = [
  {
    id: 'traceRequest',
    method: 'get',
    path: '/requests/{id}/trace',
    tag: 'Requests',
    summary: 'What happened to a request',
    description:
      'Every state, send, receipt, reply and forward, with its time and the gateway that did it. Letters of queues that the ' +
      'caller may not read are left out.',
    parameters,
    answers: { 200: { description: 'In order.', content: jsonOf('RequestTrace') } },
    problems: ['INVALID_REQUEST', 'REQUEST_NOT_FOUND', 'STORE_UNAVAILABLE'],
  },
  {
    id: 'explainRequest',
    method: 'get',
    path: '/requests/{id}/why',
    tag: 'Requests',
    summary: 'What a request waits for',
    description:
      'And since when, how its queue stands where the broker tells and the caller may ask or read that queue, what else is ' +
      'known, and what somebody can do. Takes a second where the broker does not answer, and never fails for that.',
    parameters,
    answers: { 200: { description: 'As it is now.', content: jsonOf('RequestWhy') } },
    problems: ['INVALID_REQUEST', 'REQUEST_NOT_FOUND', 'STORE_UNAVAILABLE'],
  },
];
