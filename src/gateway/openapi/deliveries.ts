/** The description of deliveries: where the reply of a request goes besides its caller. */
import { messageIdSchema } from '#schema/message.js';
import { bodyHeaders } from './headers.js';
import type { Operation } from './parts.js';
import { headerParameters, headers, jsonOf, pathParameter } from './parts.js';
import { reference } from './schemas.js';

const id = pathParameter('id', messageIdSchema, 'The `Message-ID` of the request.');

export const deliveryOperations: readonly Operation[] = [
  {
    id: 'listDeliveries',
    method: 'get',
    path: '/requests/{id}/deliveries',
    tag: 'Requests',
    summary: 'Where the reply goes',
    description: 'To its `Reply-To` and to queues that were added: how each delivery stands.',
    parameters: [id],
    answers: {
      200: { description: 'In the order in which they were queued.', content: jsonOf('DeliveryList') },
    },
    problems: ['INVALID_REQUEST', 'REQUEST_NOT_FOUND', 'STORE_UNAVAILABLE'],
  },
  {
    id: 'addDelivery',
    method: 'post',
    path: '/requests/{id}/deliveries',
    tag: 'Requests',
    summary: 'Send the reply to another queue too',
    description:
      'Now, or when it comes; as a `Reply-To` would, also with the Fault of a request that expires. What is under way to ' +
      'that queue already is not added again; what was delivered is sent again, under the same `Message-ID`.',
    parameters: [id, ...headerParameters(bodyHeaders)],
    requestBody: {
      description: 'Where to.',
      required: true,
      content: { 'application/json': { schema: reference('WantedDelivery') } },
    },
    answers: {
      202: {
        description:
          'It is stored, and goes to the broker now, when the broker is back, or when the reply comes.',
        headers: headers(['Idempotent-Replayed']),
        content: jsonOf('Delivery'),
      },
    },
    problems: [
      'INVALID_REQUEST',
      'BODY_UNREADABLE',
      'DESTINATION_NOT_ALLOWED',
      'NOT_PERMITTED',
      'REQUEST_NOT_FOUND',
      { code: 'BODY_UNREADABLE', status: 408 },
      'REQUEST_CANCELLED',
      'NO_REPLY_ADDRESS',
      'TOO_MANY_DELIVERIES',
      'BODY_TOO_LARGE',
      'UNSUPPORTED_CONTENT',
      'SCHEMA_MISMATCH',
      'TOO_MANY_WAITING',
      'STORE_UNAVAILABLE',
      'SHUTTING_DOWN',
    ],
    problemHeaders: ['Message-ID'],
  },
];
