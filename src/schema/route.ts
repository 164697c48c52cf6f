import { z } from 'zod';
import { isForwardableHeader } from '#core/application-header.js';
import { replyToStyles } from '#core/message.js';
import { durationSetting, flagSetting } from './setting.js';
import { projectNameSchema } from './project-name.js';
import { pathAllowed, pathPattern, pathProblem, templateAllowed } from './route-path.js';

const headerAllowed =
  'the name of a header that the product does not use itself, such as Accept-Language; X- headers travel in any case';

const headerName = z
  .string({ error: headerAllowed })
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/u, { error: headerAllowed })
  .transform((name) => name.toLowerCase())
  .refine(isForwardableHeader, {
    error: headerAllowed,
  });

const schemaFile = z.string({ error: 'the path of a file' }).min(1, { error: 'the path of a file' });

const mediaTypeAllowed = 'a media type such as application/json or text/plain; charset=utf-8';

/** More are refused; comparing each with each stays quick below it. */
export const mostRoutes = 1000;

export const longestWaitMs = 3_600_000;
export const longestTimeoutMs = 3650 * 86_400_000;

/** The largest limit of open requests. */
export const mostPending = 100_000_000;

const maxPendingAllowed = `whole number from 1 to ${mostPending}`;

const waitMs = durationSetting({ min: 0, max: longestWaitMs });
const timeoutMs = durationSetting({ min: 1, max: longestTimeoutMs, never: true });

const pathSchema = z
  .string({ error: pathAllowed })
  .regex(pathPattern, { error: pathAllowed, abort: true })
  .superRefine((path, context) => {
    const message = pathProblem(path);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  });

/** One entry of `routes`: which calls become a message on which queue. */
export const routeSchema = z.strictObject({
  path: pathSchema.describe(
    'Path of the call. `{name}` is one segment; the more specific path goes before the other.',
  ),
  queue: z
    .string({ error: templateAllowed })
    .min(1, { error: templateAllowed })
    .describe('Queue of the message; `{name}` stands for that segment of the path.'),
  waitMs: waitMs
    .optional()
    .describe('How long a caller that states no preference is kept waiting; absent: `requests.waitMs`.'),
  timeoutMs: timeoutMs
    .optional()
    .describe('When a request expires without a reply; absent: `requests.timeoutMs`.'),
  maxPending: z
    .int({ error: maxPendingAllowed })
    .min(1, { error: maxPendingAllowed })
    .max(mostPending, { error: maxPendingAllowed })
    .optional()
    .describe(
      'Requests without a reply at the same time for each queue that the route leads to; absent: `requests.maxPendingPerQueue`. Of several routes to a queue the first one counts.',
    ),
  schema: z
    .strictObject({
      request: schemaFile.optional().describe('What the body of a request must be.'),
      reply: schemaFile.optional().describe('What the body of a reply must be.'),
    })
    .optional()
    .describe('Files with a JSON Schema (2020-12), relative to the configuration file.'),
  forwardHeaders: z
    .array(headerName, { error: 'a list of header names' })
    .default(() => [])
    .describe('Headers of the call that travel with the message, besides those that begin with `X-`.'),
  brokerExpiry: flagSetting
    .default(false)
    .describe('Let the broker drop the message when the request expires.'),
  replyToStyle: z
    .enum(replyToStyles, { error: replyToStyles.join(' or ') })
    .default('stomp')
    .describe(
      'Who reads the reply address: `stomp`, which JMS over OpenWire reads too, or `jms`, for services with the JMS client of ActiveMQ Artemis itself (Core). It makes a difference on Artemis alone.',
    ),
  project: projectNameSchema
    .optional()
    .describe('Whose status topic hears of requests that name no `Project`.'),
  contentType: z
    .string({ error: mediaTypeAllowed })
    .regex(/^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;\s*[\w-]+=(?:[\w.+-]+|"[^"\\]*"))*$/u, {
      error: mediaTypeAllowed,
    })
    .optional()
    .describe(
      'What a reply without a content type is; absent: `text/plain` for text, else `application/octet-stream`.',
    ),
});

/** On when the configuration names no routes: the path of the call is the name of the queue. */
export const defaultRoutes: readonly z.input<typeof routeSchema>[] = [
  { path: '/{service}/{resource}/{action}', queue: '{service}.{resource}.{action}' },
];
