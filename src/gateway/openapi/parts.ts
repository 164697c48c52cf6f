/** What the operations of the API description are put together from. */
import type { OpenApiGeneratorV31, ResponseConfig, RouteConfig } from '@asteasolutions/zod-to-openapi';
import type { z } from 'zod';
import type { ErrorCode } from '#core/error-kinds.js';
import { errorKinds } from '#core/error-kinds.js';
import { ReplytoError } from '#core/errors.js';
import type { Resource } from '../methods.js';
import { answerHeaders } from './headers.js';
import type { AnswerHeaderName, DescribedHeaders } from './headers.js';
import type { ComponentName } from './schemas.js';
import { inlineSchema, reference } from './schemas.js';
import { toProblemDocument } from '../problem.js';
import { queryTokenName } from '../query-token.js';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;
type OperationObject = NonNullable<NonNullable<OpenApiDocument['paths']>[string]['get']>;
export type Parameter = Exclude<NonNullable<OperationObject['parameters']>[number], { $ref: string }>;

export const tags = {
  Asking: 'Put a request on a queue, and wait for its reply as long as you like.',
  Requests: 'Come back for a request: its state, its reply, its events.',
  Queues: 'Consumers and services that speak only HTTP: messages under a lease.',
  'Dead letters':
    'What nobody could process, read or match: look, edit and send again, name the request of a reply, drop.',
  Status: 'Tell what happens in a project, and follow it: events in order, as a stream or page by page.',
  Operations: 'For those who run the gateway.',
  Descriptions: 'What this gateway says about itself.',
} as const;

/** A problem that an operation answers with; `status` where it is not the code's own. */
export type ListedProblem = ErrorCode | { readonly code: ErrorCode; readonly status: number };

export interface Operation extends Resource {
  readonly id: string;
  readonly tag: keyof typeof tags;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: NonNullable<RouteConfig['request']>['body'];
  /** By status; what is no problem. */
  readonly answers: Readonly<Record<string, ResponseConfig>>;
  readonly problems: readonly ListedProblem[];
  /** Who may call without a token: nobody when absent, everybody, or everybody but is told less. */
  readonly openTo?: 'everybody' | 'strangers';
  /** Whether the token may also stand in the address. */
  readonly takesQueryToken?: true;
  /** Headers that may stand on its problems besides `Retry-After`. */
  readonly problemHeaders?: readonly AnswerHeaderName[];
}

/** Whoever calls whatever may get these. */
const everywhere: readonly ListedProblem[] = [
  'ORIGIN_NOT_ALLOWED',
  { code: 'INVALID_REQUEST', status: 417 },
  { code: 'INVALID_REQUEST', status: 431 },
  'INTERNAL',
];

/** Where callers have to log in. */
const authentication: readonly ListedProblem[] = ['NOT_AUTHENTICATED', 'AUTHENTICATION_UNAVAILABLE'];

/** Names of the security schemes of the description. */
export const securitySchemes = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'A token of `authTokensFile`, or a JWT. Asked for where the gateway is configured with one of them.',
  },
  queryToken: {
    type: 'apiKey',
    in: 'query',
    name: queryTokenName,
    description: 'The same token, for browsers, whose event streams and WebSockets send no headers.',
  },
} as const;

function securityOf({ openTo, takesQueryToken }: Operation): RouteConfig['security'] {
  if (openTo === 'everybody') return [];
  const bearer = { bearer: [] };
  if (openTo === 'strangers') return [{}, bearer];
  return takesQueryToken === true ? [bearer, { queryToken: [] }] : [bearer];
}

/** @param isClosed whether callers have to log in */
export function toRouteConfig(operation: Operation, isClosed: boolean): RouteConfig {
  const { id, tag, summary, description, parameters = [], requestBody, method, path } = operation;
  return {
    method,
    path,
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters: [...parameters] }),
    ...(requestBody === undefined ? {} : { request: { body: requestBody } }),
    ...(isClosed ? { security: securityOf(operation) ?? [] } : {}),
    responses: {
      ...operation.answers,
      ...problemAnswers(
        [...operation.problems, ...everywhere, ...(operation.openTo === 'everybody' ? [] : authentication)],
        operation.problemHeaders ?? [],
      ),
    },
  };
}

/** One answer for each status, with an example for each code. */
function problemAnswers(
  problems: readonly ListedProblem[],
  headerNames: readonly AnswerHeaderName[],
): Record<string, ResponseConfig> {
  const answers: Record<string, ResponseConfig> = {};
  const listed = problems.map((problem) =>
    typeof problem === 'string' ? { code: problem, status: errorKinds[problem].httpStatus } : problem,
  );
  for (const status of new Set(listed.map((problem) => problem.status))) {
    const codes = listed.filter((problem) => problem.status === status).map(({ code }) => code);
    const isRetryable = codes.some((code) => errorKinds[code].retryable);
    const names = [
      ...headerNames,
      ...(isRetryable ? (['Retry-After'] as const) : []),
      ...(status === 401 ? (['WWW-Authenticate'] as const) : []),
    ];
    answers[status] = {
      description: codes.map((code) => `\`${code}\`: ${errorKinds[code].sentence}`).join('\n\n'),
      ...(names.length > 0 ? { headers: headers(names) } : {}),
      content: {
        'application/problem+json': {
          schema: reference('Problem'),
          examples: Object.fromEntries(codes.map((code) => [code, exampleOf(code, status)])),
        },
      },
    };
  }
  return answers;
}

function exampleOf(code: ErrorCode, status: number): { summary: string; value: unknown } {
  return {
    summary: errorKinds[code].sentence,
    value: { ...toProblemDocument(new ReplytoError(code)), status },
  };
}

/** Headers of an answer; all but `required` may be absent. */
export function headers(
  names: readonly AnswerHeaderName[],
  required: readonly AnswerHeaderName[] = [],
): Exclude<ResponseConfig['headers'], z.ZodObject | undefined> {
  return Object.fromEntries(
    [...required, ...names].map((name) => {
      const { schema, description } = answerHeaders[name];
      return [name, { description, required: required.includes(name), schema: inlineSchema(schema) }];
    }),
  );
}

export function headerParameters(described: DescribedHeaders): Parameter[] {
  return Object.entries(described).map(([name, { schema, description }]) => ({
    name,
    in: 'header',
    description,
    schema: inlineSchema(schema),
  }));
}

export function pathParameter(name: string, schema: z.ZodType, description: string): Parameter {
  return { name, in: 'path', required: true, description, schema: inlineSchema(schema) };
}

export function queryParameter(name: string, schema: z.ZodType, description: string): Parameter {
  return { name, in: 'query', description, schema: inlineSchema(schema) };
}

/** Content of an answer that is one of the components. */
export function jsonOf(name: ComponentName): NonNullable<ResponseConfig['content']> {
  return { 'application/json': { schema: reference(name) } };
}

export function textOf(contentType: string): NonNullable<ResponseConfig['content']> {
  return { [contentType]: { schema: { type: 'string' } } };
}
