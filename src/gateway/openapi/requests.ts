/** The description of coming back: the state, the reply and the events of a request, cancelling it, the list. */
import type { ResponseConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { requestStates } from '#core/request.js';
import { mostReplies } from '#schema/delivery.js';
import { messageIdSchema } from '#schema/message.js';
import { eventParameters, eventStreamOf } from './events.js';
import { ifNoneMatch, readingHeaders } from './headers.js';
import type { Operation, Parameter } from './parts.js';
import { headerParameters, headers, jsonOf, pathParameter, queryParameter } from './parts.js';
import { reference } from './schemas.js';
import { pageSize } from '../request-list.js';

const id: Parameter = pathParameter('id', messageIdSchema, 'The `Message-ID` of the request.');

/** As `id`, where a queue may stand too. */
export const queueOrId: Parameter = {
  ...id,
  name: 'queueOrId',
};

const fromBody = '$response.body#/id';

/** From a status document to what can be done with its request. */
export const requestLinks: NonNullable<ResponseConfig['links']> = {
  status: { operationId: 'getRequest', parameters: { queueOrId: fromBody } },
  reply: { operationId: 'getReply', parameters: { id: fromBody } },
  events: { operationId: 'getEvents', parameters: { id: fromBody } },
  cancel: { operationId: 'cancelRequest', parameters: { queueOrId: fromBody } },
};

/** A Fault is a reply too. */
export const faultHeaders = ['Message-ID', 'Correl-ID', 'Time', 'Late'] as const;

/** A service may choose the status of its Fault. */
export function faultAnswers(replyHeaders: ResponseConfig['headers']): Record<'4XX' | '5XX', ResponseConfig> {
  const answer: ResponseConfig = {
    description:
      '`REPLY_FAULT`: the service answered with a Fault and asked for this status; `fault` is what it said.',
    ...(replyHeaders === undefined ? {} : { headers: replyHeaders }),
    content: { 'application/problem+json': { schema: reference('Problem') } },
  };
  return { '4XX': answer, '5XX': answer };
}

const statusHeaders = headers(['Preference-Applied'], ['Message-ID', 'ETag', 'Vary']);
const replyHeaders = headers(['Late', 'Preference-Applied'], ['Message-ID', 'Correl-ID', 'Time', 'Vary']);
const page = z.int().min(pageSize.min).max(pageSize.max).default(pageSize.absent);

export const requestOperations: readonly Operation[] = [
  {
    id: 'listRequests',
    method: 'get',
    path: '/requests',
    tag: 'Requests',
    summary: 'List requests',
    description: 'The newest first, page by page.',
    parameters: [
      queryParameter('status', z.enum(requestStates), 'Only those in this state.'),
      queryParameter('queue', z.string(), 'Only those of this queue.'),
      queryParameter('project', z.string(), 'Only those of this project.'),
      queryParameter('parent', messageIdSchema, 'Only the children of this request to several queues.'),
      queryParameter('before', messageIdSchema, 'Only those older than this one; `Link` has the next page.'),
      queryParameter('limit', page, 'Requests on a page.'),
    ],
    answers: { 200: { description: 'A page.', headers: headers(['Link']), content: jsonOf('RequestList') } },
    problems: ['INVALID_REQUEST', 'STORE_UNAVAILABLE'],
  },
  {
    id: 'getRequest',
    method: 'get',
    path: '/requests/{queueOrId}',
    tag: 'Requests',
    summary: 'Where a request stands',
    description:
      'With `Prefer: wait=N` the call waits until the document changes, or differs from `If-None-Match`.',
    parameters: [queueOrId, ...headerParameters({ ...readingHeaders, 'If-None-Match': ifNoneMatch })],
    answers: {
      200: {
        description: 'The status document.',
        headers: statusHeaders,
        content: jsonOf('RequestStatus'),
        links: requestLinks,
      },
      304: {
        description: 'It is as `If-None-Match` says.',
        headers: headers(['Preference-Applied'], ['ETag', 'Vary']),
      },
    },
    problems: ['INVALID_REQUEST', 'REQUEST_NOT_FOUND', 'TOO_MANY_WAITING', 'STORE_UNAVAILABLE'],
    problemHeaders: ['Message-ID', 'Preference-Applied'],
  },
  {
    id: 'cancelRequest',
    method: 'delete',
    path: '/requests/{queueOrId}',
    tag: 'Requests',
    summary: 'Cancel a request',
    description:
      'Services are told, so that they may stop working on it. Cancelling again gives the same answer.',
    parameters: [queueOrId],
    answers: {
      200: {
        description: 'It is cancelled.',
        headers: headers([], ['Message-ID']),
        content: jsonOf('RequestStatus'),
      },
    },
    problems: ['INVALID_REQUEST', 'REQUEST_NOT_FOUND', 'REQUEST_ENDED', 'STORE_UNAVAILABLE'],
    problemHeaders: ['Message-ID'],
  },
  {
    id: 'getReply',
    method: 'get',
    path: '/requests/{id}/reply',
    tag: 'Requests',
    summary: 'The reply',
    description: 'As often as it is asked for; reading never removes it.',
    parameters: [
      id,
      queryParameter(
        'n',
        z.int().min(1).max(mostReplies).default(1),
        '1 is the answer, 2 and more are further replies to the same request; `replies` of the status counts them.',
      ),
      ...headerParameters(readingHeaders),
    ],
    answers: {
      200: {
        description: 'The reply as the service sent it, with its content type and its `X-` headers.',
        headers: replyHeaders,
        content: { '*/*': { schema: {} } },
      },
      202: {
        description: 'There is none yet.',
        headers: headers(['Preference-Applied'], ['Message-ID', 'Location', 'Retry-After', 'Vary']),
        content: jsonOf('RequestStatus'),
        links: requestLinks,
      },
      204: {
        description: 'None is expected; the broker has the message.',
        headers: headers(['Preference-Applied'], ['Message-ID', 'Vary']),
      },
      ...faultAnswers(replyHeaders),
    },
    problems: [
      'INVALID_REQUEST',
      'REQUEST_NOT_FOUND',
      'REQUEST_CANCELLED',
      'TOO_MANY_WAITING',
      'REPLY_FAULT',
      'STORE_UNAVAILABLE',
      'REQUEST_EXPIRED',
    ],
    problemHeaders: [...faultHeaders, 'Preference-Applied'],
  },
  {
    id: 'getEvents',
    method: 'get',
    path: '/requests/{id}/events',
    takesQueryToken: true,
    tag: 'Requests',
    summary: 'Follow a request',
    description:
      'Server-sent events: `id` is the number of the event, `event` its kind, `data` a RequestEvent as JSON. The ' +
      'stream ends when the request has ended; it resumes after the number that the client names. Who prefers ' +
      '`application/json` gets a page, of about 1 MiB at most; with `Prefer: wait=N` an empty one is held back until there is ' +
      'something.',
    parameters: [
      id,
      ...eventParameters('number'),
      ...headerParameters({ ...readingHeaders, 'If-None-Match': ifNoneMatch }),
    ],
    answers: {
      200: {
        description: 'The events so far, then those to come; or a page of them.',
        headers: headers(['ETag', 'Preference-Applied'], ['Vary']),
        content: {
          ...eventStreamOf('id: 1\nevent: log\ndata: {"id":"…","kind":"log","number":1}\n\n'),
          ...jsonOf('RequestEventPage'),
        },
      },
      204: { description: 'The request has ended and all was told: do not come back.' },
      304: {
        description: 'The page is as `If-None-Match` says.',
        headers: headers(['Preference-Applied'], ['ETag', 'Vary']),
      },
    },
    problems: [
      'INVALID_REQUEST',
      { code: 'INVALID_REQUEST', status: 406 },
      'REQUEST_NOT_FOUND',
      'TOO_MANY_WAITING',
      'STORE_UNAVAILABLE',
      'SHUTTING_DOWN',
    ],
    problemHeaders: ['Message-ID', 'Preference-Applied'],
  },
];
