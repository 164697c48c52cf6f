/** The description of `POST /requests`: one body to several queues. */
import { z } from 'zod';
import { fewestQueues, mostQueues } from '#messaging/scatter-gather.js';
import { longestTimeoutMs } from '#schema/route.js';
import { accepted, problemHeaders, problems, replyHeaders, requestBody } from './asking.js';
import { askingHeaders, bodyHeaders } from './headers.js';
import type { Operation, Parameter } from './parts.js';
import { headerParameters, jsonOf, queryParameter } from './parts.js';
import { inlineSchema } from './schemas.js';

const duration = z.int().min(1).max(longestTimeoutMs);

const queues: Parameter = {
  name: 'queue',
  in: 'query',
  required: true,
  description: 'Once for each queue.',
  schema: inlineSchema(
    z.array(z.string().min(1).max(255)).min(fewestQueues).max(mostQueues).meta({ uniqueItems: true }),
  ),
};

export const askSeveral: Operation = {
  id: 'askSeveral',
  method: 'post',
  path: '/requests',
  tag: 'Asking',
  summary: 'Ask several queues at once',
  description:
    'Puts the body on each of the queues, as requests with ids of their own, and gathers the replies into one. It ends with ' +
    'the last reply that is expected, when none has come for `stallMs`, or after `totalMs`: with at least one reply as ' +
    '`replied`, else as `expired`. Replies that come later are kept by the requests that they are for.',
  parameters: [
    queues,
    queryParameter(
      'expect',
      z.int().min(1).max(mostQueues),
      'Replies that are enough. Absent: one of each queue.',
    ),
    queryParameter(
      'stallMs',
      duration,
      'Milliseconds after the last reply. Absent: no matter how long none comes.',
    ),
    queryParameter(
      'totalMs',
      duration,
      'Milliseconds after which it ends in any case. Absent: as `Request-Timeout`, or the routes of the queues, say.',
    ),
    ...headerParameters({ ...askingHeaders, ...bodyHeaders }),
  ],
  requestBody,
  answers: {
    200: {
      description: 'The replies, and which are missing.',
      headers: replyHeaders,
      content: jsonOf('GatheredReplies'),
    },
    202: accepted,
  },
  problems: [...problems.filter((problem) => problem !== 'REPLY_FAULT'), 'SCHEMA_MISMATCH'],
  problemHeaders,
};
