/** What resources of events are asked: where to begin, which kinds, and in which form. */
import type { Request } from 'express';
import type { Problem } from '#core/errors.js';
import { ReplytoError, isProblem, toProblem } from '#core/errors.js';
import type { EventFilter } from '#core/status-event.js';
import { parseEventKinds } from '#schema/event-kinds.js';
import { eventSubjectProblem } from '#schema/status-event.js';
import { parseInteger } from '#schema/whole-number.js';
import { parseQuery } from './parameters.js';
import { StatusError } from './problem.js';

export interface EventQuery {
  /** Number of the last event that the client has; undefined when it does not say. */
  readonly after: number | undefined;
  /** What said so, for problems. */
  readonly positionName: string;
  /** Events in one page. */
  readonly limit: number;
  readonly filter: EventFilter;
}

type Parameter = 'after' | 'limit' | 'kind' | 'subject';

/** Events on a page. */
export const pageOfEvents = { min: 1, max: 1_000, absent: 100 };

/** Reads the query and `Last-Event-ID`; all that is wrong is told at once. @throws INVALID_REQUEST */
export function readEventQuery(request: Request, parameters: readonly Parameter[]): EventQuery {
  const { found, problems: others } = parseQuery(request, parameters);
  const position = parsePosition(request.headers['last-event-id'], found.after);
  const limit = parseInteger('?limit', found.limit, pageOfEvents);
  const kinds = found.kind === undefined ? undefined : parseEventKinds('?kind', found.kind);
  const problems = [
    ...others,
    found.subject === undefined ? undefined : eventSubjectProblem('?subject', found.subject),
    isProblem(position.after) ? position.after : undefined,
    isProblem(limit) ? limit : undefined,
    isProblem(kinds) ? kinds : undefined,
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0 || isProblem(position.after) || isProblem(limit) || isProblem(kinds)) {
    throw new ReplytoError('INVALID_REQUEST', { problems });
  }
  const filter = {
    ...(found.subject === undefined ? {} : { subject: found.subject }),
    ...(kinds === undefined ? {} : { kinds }),
  };
  return { after: position.after, positionName: position.name, limit, filter };
}

interface Position {
  readonly name: string;
  readonly after: number | undefined | Problem;
}

function parsePosition(header: string | string[] | undefined, parameter: string | undefined): Position {
  const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER, absent: 0 };
  const name = 'Last-Event-ID';
  if (Array.isArray(header)) return { name, after: toProblem(name, header, 'given once') };
  // After a reconnect the browser sends the header and still has the first URL: the header is newer.
  if (header !== undefined && header !== '') return { name, after: parseInteger(name, header, bounds) };
  if (parameter === undefined) return { name: '?after', after: undefined };
  return { name: '?after', after: parseInteger('?after', parameter, bounds) };
}

/** Whether the caller takes a stream rather than a page of JSON. @throws INVALID_REQUEST (406) when it takes neither */
export function wantsStream(request: Request): boolean {
  const accepted = request.accepts(['text/event-stream', 'application/json']);
  if (accepted !== false) return accepted === 'text/event-stream';
  const problems = [toProblem('Accept', request.headers.accept, 'text/event-stream or application/json')];
  throw new StatusError(406, 'INVALID_REQUEST', { problems });
}
