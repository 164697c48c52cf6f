/** The description of asking: `POST /requests/{queue}` and the path of each configured route. */
import type { ResponseConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Configuration } from '#schema/configuration.js';
import { parsePath } from '#schema/route-path.js';
import { askingHeaders, bodyHeaders } from './headers.js';
import type { ListedProblem, Operation, Parameter } from './parts.js';
import { headerParameters, headers, jsonOf, pathParameter } from './parts.js';
import { faultAnswers, faultHeaders, queueOrId, requestLinks } from './requests.js';
import type { ConfiguredRoute } from '../route-table.js';

export const replyHeaders = headers(
  ['Late', 'Preference-Applied', 'Idempotent-Replayed'],
  ['Message-ID', 'Correl-ID', 'Time', 'Vary'],
);

const reply: ResponseConfig = {
  description: 'The reply as the service sent it, with its content type and its `X-` headers.',
  headers: replyHeaders,
  content: { '*/*': { schema: {} } },
};

export const accepted: ResponseConfig = {
  description:
    'The request is stored and has no reply yet, or expects none. It is sent now, or when the broker is back.',
  headers: headers(
    ['Location', 'Retry-After', 'Preference-Applied', 'Idempotent-Replayed'],
    ['Message-ID', 'Vary'],
  ),
  content: jsonOf('RequestStatus'),
  links: requestLinks,
};

const answers: Operation['answers'] = { 200: reply, 202: accepted, ...faultAnswers(replyHeaders) };

export const problems: readonly ListedProblem[] = [
  'INVALID_REQUEST',
  'BODY_UNREADABLE',
  'DESTINATION_NOT_ALLOWED',
  'NOT_PERMITTED',
  { code: 'BODY_UNREADABLE', status: 408 },
  'REQUEST_CANCELLED',
  'MESSAGE_ID_TAKEN',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_CONTENT',
  'IDEMPOTENCY_MISMATCH',
  'TOO_MANY_PENDING',
  'TOO_MANY_WAITING',
  'REPLY_FAULT',
  'OUTBOX_FULL',
  'STORE_UNAVAILABLE',
  'SHUTTING_DOWN',
  'REQUEST_EXPIRED',
];

/** A Fault may have the status of any problem. */
export const problemHeaders = [...faultHeaders, 'Preference-Applied', 'Idempotent-Replayed'] as const;

export const requestBody: NonNullable<Operation['requestBody']> = {
  description:
    'Any bytes; they become the body of the message, with their content type. gzip, deflate and br are undone first.',
  content: {
    'application/json': { schema: {} },
    'text/plain': { schema: { type: 'string' } },
    '*/*': { schema: {} },
  },
};

const travelling =
  'Headers that begin with `X-` travel with the message, but for `X-Forwarded-*` and `X-Real-IP`.';

/** `POST /requests/{queue}`. OpenAPI has one name for a place in a path, so queue and id share theirs. */
export const askQueue: Operation = {
  id: 'ask',
  method: 'post',
  path: '/requests/{queueOrId}',
  tag: 'Asking',
  summary: 'Ask any queue',
  description: `Puts the body on the queue and waits for the reply as \`Prefer\` says. ${travelling}`,
  parameters: [
    {
      ...queueOrId,
      description: 'Name of the queue.',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    },
    ...headerParameters({ ...askingHeaders, ...bodyHeaders }),
  ],
  requestBody,
  answers,
  problems: [...problems, 'SCHEMA_MISMATCH'],
  problemHeaders,
};

/** One operation for each route of the configuration. */
export function routeOperations({ routes, requests }: Configuration): Operation[] {
  const ids = new Set<string>();
  return routes.map((route) => {
    const id = uniqueId(route.path, ids);
    const waitMs = route.waitMs ?? requests.waitMs;
    const timeoutMs = route.timeoutMs === undefined ? requests.timeoutMs : route.timeoutMs;
    const sentences = [
      `Puts the body on the queue \`${route.queue}\`.`,
      `Without \`Prefer\` the call waits ${waitMs} ms for the reply.`,
      timeoutMs === null ? 'The request never expires.' : `The request expires after ${timeoutMs} ms.`,
      ...(route.schema?.request === undefined ? [] : ['The body is held to a JSON Schema.']),
      ...(route.schema?.reply === undefined ? [] : ['The reply is held to a JSON Schema.']),
      travelling,
    ];
    return {
      id,
      method: 'post',
      path: route.path,
      tag: 'Asking',
      summary: `Ask ${route.queue}`,
      description: sentences.join(' '),
      parameters: [
        ...pathParameters(route),
        ...headerParameters({ ...askingHeaders, ...bodyHeaders }),
        ...headerParameters(forwardedHeaders(route)),
      ],
      requestBody,
      answers: withReplyType(route),
      problems: route.schema?.request === undefined ? problems : [...problems, 'SCHEMA_MISMATCH'],
      problemHeaders,
    };
  });
}

function pathParameters({ path }: ConfiguredRoute): Parameter[] {
  return (parsePath(path) ?? [])
    .filter(({ kind }) => kind === 'parameter')
    .map(({ text }) => pathParameter(text, z.string().min(1), 'Part of the name of the queue.'));
}

function forwardedHeaders({ forwardHeaders }: ConfiguredRoute): Parameters<typeof headerParameters>[0] {
  return Object.fromEntries(
    forwardHeaders.map((name) => [
      name,
      { schema: z.string(), description: 'Travels with the message, because the route names it.' },
    ]),
  );
}

/** A route may say what type its replies are where the service does not. */
function withReplyType({ contentType }: ConfiguredRoute): Operation['answers'] {
  if (contentType === undefined) return answers;
  const content = { [contentType]: { schema: {} }, ...reply.content };
  return { ...answers, 200: { ...reply, content } };
}

/** `ask_orion_workflow_create`: the same for a route as long as its path stays. */
function uniqueId(path: string, taken: Set<string>): string {
  const words = path.replaceAll(/[{}]/gu, '').replaceAll(/[^A-Za-z0-9]+/gu, '_');
  let id = `ask${words}`;
  for (let number = 2; taken.has(id); number += 1) id = `ask${words}_${number}`;
  taken.add(id);
  return id;
}
