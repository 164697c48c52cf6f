/** What the description says of every resource that gives events as a stream or as a page. */
import type { ResponseConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { statusEventKinds } from '#core/status-event.js';
import { lastEventId } from './headers.js';
import type { Parameter } from './parts.js';
import { headerParameters, queryParameter } from './parts.js';
import { inlineSchema } from './schemas.js';
import { pageOfEvents } from '../event-query.js';

const kinds = statusEventKinds.join('|');
const several = z.string().regex(new RegExp(`^(?:${kinds})(?:,(?:${kinds}))*$`, 'u'));
const limit = z.int().min(pageOfEvents.min).max(pageOfEvents.max).default(pageOfEvents.absent);

/** @param position what counts the events: `number` */
export function eventParameters(position: string): Parameter[] {
  return [
    queryParameter('after', z.int().min(0), `The ${position} of the last event that is known.`),
    queryParameter('kind', several, 'Only events of this kind, or of these, with commas between them.'),
    queryParameter('limit', limit, 'Events on a page.'),
    ...headerParameters({ 'Last-Event-ID': lastEventId }),
  ];
}

/** Content of an answer that is a stream. */
export function eventStreamOf(example: string): NonNullable<ResponseConfig['content']> {
  return {
    'text/event-stream': {
      schema: { ...inlineSchema(z.string()), contentMediaType: 'text/event-stream' },
      example,
    },
  };
}
