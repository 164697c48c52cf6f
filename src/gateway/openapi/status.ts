/** The description of status: telling what happens in a project, following it, and where everything stands. */
import { z } from 'zod';
import { projectNameSchema } from '#schema/project-name.js';
import { eventParameters, eventStreamOf } from './events.js';
import { bodyHeaders, ifNoneMatch, readingHeaders } from './headers.js';
import type { Operation } from './parts.js';
import { headerParameters, headers, jsonOf, pathParameter, queryParameter } from './parts.js';
import { reference } from './schemas.js';
import { listed } from '../status/status-overview.js';

const project = pathParameter(
  'project',
  projectNameSchema,
  'Name of the project; one exists by being named.',
);
const limit = z.int().min(listed.min).max(listed.max).default(listed.absent);

export const statusOperations: readonly Operation[] = [
  {
    id: 'listProjects',
    method: 'get',
    path: '/status',
    tag: 'Status',
    summary: 'List projects',
    description: 'Those with the newest events first, and only those that the caller may use.',
    parameters: [queryParameter('limit', limit, 'Projects in the list.')],
    answers: { 200: { description: 'The list.', content: jsonOf('ProjectList') } },
    problems: ['INVALID_REQUEST', 'STORE_UNAVAILABLE'],
  },
  {
    id: 'followProject',
    method: 'get',
    path: '/status/{project}',
    takesQueryToken: true,
    tag: 'Status',
    summary: 'Follow a project',
    description:
      'Server-sent events: `id` is the sequence of the event, `event` its kind, `data` a SequencedEvent as JSON; ' +
      'what retention has removed is told by `event: gap`, whose `data` says `from` and `to`. The stream has ' +
      'no end; it resumes after the sequence that the client names, and begins with what is new when it names none. ' +
      'Who prefers `application/json` gets a page, the first one when no sequence is named; with `Prefer: wait=N` an ' +
      'empty one is held back until there is something.',
    parameters: [
      project,
      ...eventParameters('sequence'),
      queryParameter('subject', z.string().min(1).max(255), 'Only events about this one.'),
      ...headerParameters({ ...readingHeaders, 'If-None-Match': ifNoneMatch }),
    ],
    answers: {
      200: {
        description: 'The events, for as long as the client stays; or a page of them.',
        headers: headers(['ETag', 'Link', 'Preference-Applied'], ['Vary']),
        content: {
          ...eventStreamOf(
            'id: 17\nevent: progress\ndata: {"id":"…","kind":"progress","percent":40,"sequence":17}\n\n',
          ),
          ...jsonOf('StatusPage'),
        },
      },
      304: {
        description: 'The page is as `If-None-Match` says.',
        headers: headers(['Link', 'Preference-Applied'], ['ETag', 'Vary']),
      },
    },
    problems: [
      'INVALID_REQUEST',
      { code: 'INVALID_REQUEST', status: 406 },
      'NOT_PERMITTED',
      'TOO_MANY_WAITING',
      'STORE_UNAVAILABLE',
      'SHUTTING_DOWN',
    ],
    problemHeaders: ['Preference-Applied'],
  },
  {
    id: 'publishEvent',
    method: 'post',
    path: '/status/{project}',
    tag: 'Status',
    summary: 'Tell of something that happened',
    description:
      'One event, of at most 64 KiB. If its subject is a request of this project, or of the caller, it joins the ' +
      'history of that request too. An event that comes again with the same id changes nothing.',
    parameters: [project, ...headerParameters(bodyHeaders)],
    requestBody: {
      description: 'The event.',
      required: true,
      content: { 'application/json': { schema: reference('NewEvent') } },
    },
    answers: {
      202: {
        description: 'The event is stored. It gets its number a moment later.',
        content: jsonOf('AcceptedEvent'),
      },
    },
    problems: [
      'INVALID_REQUEST',
      'BODY_UNREADABLE',
      'NOT_PERMITTED',
      { code: 'BODY_UNREADABLE', status: 408 },
      'BODY_TOO_LARGE',
      'UNSUPPORTED_CONTENT',
      'SCHEMA_MISMATCH',
      'TOO_MANY_WAITING',
      'STORE_UNAVAILABLE',
      'SHUTTING_DOWN',
    ],
  },
  {
    id: 'listSubjects',
    method: 'get',
    path: '/status/{project}/subjects',
    tag: 'Status',
    summary: 'Where everything in a project stands',
    description:
      'The latest of each subject that the project has heard of, those with the newest events first. To go on from there, ' +
      'follow the project with `?after=` the `last` of this list.',
    parameters: [
      project,
      queryParameter('limit', limit, 'Subjects in the list.'),
      queryParameter('before', z.int().min(1), 'Only those whose newest event is older than this one.'),
    ],
    answers: { 200: { description: 'The list.', content: jsonOf('SubjectList') } },
    problems: ['INVALID_REQUEST', 'NOT_PERMITTED', 'STORE_UNAVAILABLE'],
  },
];
