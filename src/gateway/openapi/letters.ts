/** The description of dead letters, invalid messages and unmatched replies. */
import { z } from 'zod';
import { letterIdSchema } from '#schema/letter.js';
import { bodyHeaders, ifMatch, ifNoneMatch } from './headers.js';
import type { Operation, Parameter } from './parts.js';
import { headerParameters, headers, jsonOf, pathParameter, queryParameter } from './parts.js';
import { reference } from './schemas.js';
import type { ComponentName } from './schemas.js';
import { letterPage } from '../dead-letters/letter-query.js';

const id = pathParameter('id', letterIdSchema, 'The `id` of the letter, as in a list.');
const known = headerParameters({
  'If-None-Match': { ...ifNoneMatch, description: 'The `ETag` that is known.' },
});
const unchanged = headerParameters({ 'If-Match': ifMatch });

const olderThan = queryParameter(
  'olderThan',
  z.string(),
  'Only what came here so long ago or longer: a number with its unit, such as `1h` or `7d`.',
);
const filters: readonly Parameter[] = [
  queryParameter('kind', z.enum(['dead-letter', 'invalid']), 'Only those of this kind.'),
  queryParameter('queue', z.string(), 'Only those of this queue.'),
  olderThan,
];
const page: readonly Parameter[] = [
  queryParameter('before', letterIdSchema, 'Only those that came before this one; `Link` has the next page.'),
  queryParameter(
    'limit',
    z.int().min(letterPage.min).max(letterPage.max).default(letterPage.absent),
    'Letters on a page.',
  ),
];
const many: readonly Parameter[] = [
  queryParameter('all', z.literal('true'), 'Every letter is meant; asked for where there is no filter.'),
  queryParameter('after', letterIdSchema, 'Only those that came after this one, as `Link` says.'),
  queryParameter(
    'until',
    letterIdSchema,
    'Only this one and those before, as `Link` says. Absent: the newest.',
  ),
];

const changing = [
  'INVALID_REQUEST',
  'LETTER_NOT_FOUND',
  'LETTER_CHANGED',
  'STORE_UNAVAILABLE',
] as const satisfies Operation['problems'];

const withBody = [
  'BODY_UNREADABLE',
  { code: 'BODY_UNREADABLE', status: 408 },
  'BODY_TOO_LARGE',
  'UNSUPPORTED_CONTENT',
  'SCHEMA_MISMATCH',
  'TOO_MANY_WAITING',
  'SHUTTING_DOWN',
] as const satisfies Operation['problems'];

const inParts =
  'In small parts, the oldest first, and of what was there at the beginning; after 10,000 letters or ten seconds it answers ' +
  'with what it has done, and `Link` says how to go on.';

interface Described {
  readonly path: '/dead-letters' | '/unmatched-replies';
  /** Part of the ids of its operations. */
  readonly one: string;
  readonly many: string;
  readonly words: string;
  readonly filters: readonly Parameter[];
  readonly list: ComponentName;
}

/** What both have. */
function shelfOperations({ path, one, many: all, words, filters: filtered, list }: Described): Operation[] {
  return [
    {
      id: `list${all}`,
      method: 'get',
      path,
      tag: 'Dead letters',
      summary: `List ${words}`,
      description:
        'The newest first, page by page; only what the caller may see. A page may be short: `Link` tells.',
      parameters: [...filtered, ...page],
      answers: { 200: { description: 'A page.', headers: headers(['Link']), content: jsonOf(list) } },
      problems: ['INVALID_REQUEST', 'STORE_UNAVAILABLE'],
    },
    {
      id: `drop${all}`,
      method: 'delete',
      path,
      tag: 'Dead letters',
      summary: `Drop ${words} by filter`,
      description: `For good. ${inParts}`,
      parameters: [...filtered, ...many],
      answers: {
        200: {
          description: 'How many are gone.',
          headers: headers(['Link']),
          content: jsonOf('DroppedLetters'),
        },
      },
      problems: ['INVALID_REQUEST', 'STORE_UNAVAILABLE'],
    },
    {
      id: `get${one}`,
      method: 'get',
      path: `${path}/{id}`,
      tag: 'Dead letters',
      summary: 'Look at one',
      parameters: [id, ...known, ...unchanged],
      answers: {
        200: {
          description: 'All that is known of it.',
          headers: headers([], ['ETag']),
          content: jsonOf('Letter'),
        },
        304: { description: 'It is as `If-None-Match` says.', headers: headers([], ['ETag']) },
      },
      problems: changing,
    },
    {
      id: `get${one}Body`,
      method: 'get',
      path: `${path}/{id}/body`,
      tag: 'Dead letters',
      summary: 'The body of one, as it is',
      parameters: [id, ...known, ...unchanged],
      answers: {
        200: {
          description: 'Its bytes, with its content type.',
          headers: headers([], ['ETag']),
          content: { '*/*': { schema: {} } },
        },
        304: { description: 'It is as `If-None-Match` says.', headers: headers([], ['ETag']) },
      },
      problems: changing,
    },
    {
      id: `drop${one}`,
      method: 'delete',
      path: `${path}/{id}`,
      tag: 'Dead letters',
      summary: 'Drop one',
      description: 'For good.',
      parameters: [id, ...unchanged],
      answers: { 204: { description: 'It is gone.' } },
      problems: changing,
    },
  ];
}

export const letterOperations: readonly Operation[] = [
  ...shelfOperations({
    path: '/dead-letters',
    ...{ one: 'DeadLetter', many: 'DeadLetters', list: 'DeadLetterList' },
    words: 'dead letters and invalid messages',
    filters,
  }),
  {
    id: 'editDeadLetter',
    method: 'patch',
    path: '/dead-letters/{id}',
    tag: 'Dead letters',
    summary: 'Edit one',
    description:
      'Its body, content type or application headers, held to what a posted request is held to. It stays where it is until ' +
      'it is sent again. Asks for the right to send to its queue.',
    parameters: [id, ...headerParameters({ 'If-Match': ifMatch, ...bodyHeaders })],
    requestBody: {
      description: 'What is to be another.',
      required: true,
      content: { 'application/json': { schema: reference('LetterEdit') } },
    },
    answers: {
      200: { description: 'As it is now.', headers: headers([], ['ETag']), content: jsonOf('Letter') },
    },
    problems: [...changing, 'LETTER_INCOMPLETE', 'DESTINATION_NOT_ALLOWED', 'NOT_PERMITTED', ...withBody],
  },
  {
    id: 'retryDeadLetter',
    method: 'post',
    path: '/dead-letters/{id}/retry',
    tag: 'Dead letters',
    summary: 'Send one again',
    description:
      'To where it was meant to go or came from, under its own `Message-ID`, as a first attempt. In one step it is a letter no ' +
      'more. If it fails again, it comes back as a new one.',
    parameters: [id, ...unchanged],
    answers: {
      202: {
        description: 'It is stored as a message, and goes to the broker now or when the broker is back.',
        headers: headers(['Message-ID']),
        content: jsonOf('RetriedLetter'),
      },
    },
    problems: [...changing, 'LETTER_INCOMPLETE', 'SHUTTING_DOWN'],
  },
  {
    id: 'retryDeadLetters',
    method: 'post',
    path: '/dead-letters/retry',
    tag: 'Dead letters',
    summary: 'Send dead letters again by filter',
    description: inParts,
    parameters: [...filters, ...many],
    answers: {
      200: { description: 'How many went.', headers: headers(['Link']), content: jsonOf('RetriedLetters') },
    },
    problems: ['INVALID_REQUEST', 'STORE_UNAVAILABLE', 'SHUTTING_DOWN'],
  },
  ...shelfOperations({
    path: '/unmatched-replies',
    ...{ one: 'UnmatchedReply', many: 'UnmatchedReplies', list: 'UnmatchedReplyList' },
    words: 'unmatched replies',
    filters: [olderThan],
  }),
  {
    id: 'matchReply',
    method: 'post',
    path: '/unmatched-replies/{id}/match',
    tag: 'Dead letters',
    summary: 'Name the request of a reply',
    description:
      'As if the reply had come with its id: an open request ends by it and who waits is answered; for one that has ended it is ' +
      'kept as late or as a duplicate.',
    parameters: [id, ...headerParameters({ 'If-Match': ifMatch, ...bodyHeaders })],
    requestBody: {
      description: 'The request.',
      required: true,
      content: { 'application/json': { schema: reference('Match') } },
    },
    answers: {
      200: {
        description: 'The request as it is now.',
        headers: headers(['Idempotent-Replayed'], ['Message-ID']),
        content: jsonOf('RequestStatus'),
      },
    },
    problems: [...changing, 'LETTER_INCOMPLETE', 'REQUEST_NOT_FOUND', ...withBody],
  },
];
