/** `GET /requests`: the newest first, page by page. */
import type { Express, Request, Response } from 'express';
import { queueNameProblem } from '#core/destination.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { isMessageId } from '#core/message.js';
import { isVisibleTo, requestStates } from '#core/request.js';
import type { RequestState } from '#core/request.js';
import type { RequestFilter } from '#core/ports/request-store.js';
import { projectNameProblem } from '#schema/project-name.js';
import { toStatusDocument } from './answers.js';
import type { GatewayContext } from './context.js';
import { readInteger, readQuery } from './parameters.js';
import { principalOf } from './principal.js';

export const pageSize = { min: 1, max: 500, absent: 50 };
const parameters = ['status', 'queue', 'project', 'before', 'limit'] as const;

export function addRequestList(app: Express, { store }: GatewayContext): void {
  /** A cursor that nobody knows would look like the end of the list. */
  async function checkCursor(before: string | undefined, name: string | null): Promise<void> {
    if (before === undefined) return;
    const record = isMessageId(before) ? await store.find(before) : null;
    if (record !== null && isVisibleTo(name, record)) return;
    const problems = [toProblem('?before', before, 'the id of a request that is kept here')];
    throw new ReplytoError('INVALID_REQUEST', { problems });
  }

  app.get('/requests', async (request: Request, response: Response) => {
    const { limit: given, status, ...filters } = readQuery(request, parameters);
    const limit = readInteger('?limit', given, pageSize);
    checkNames(filters);
    const { name } = principalOf(response);
    await checkCursor(filters.before, name);
    const filter: RequestFilter = {
      ...filters,
      ...(status === undefined ? {} : { status: readState(status) }),
      ...(name === null ? {} : { postedBy: name }),
      limit,
    };
    // One more than asked for tells whether there is a next page.
    const records = await store.list({ ...filter, limit: limit + 1 });
    const page = records.slice(0, limit);
    const last = page.at(-1);
    if (records.length > limit && last !== undefined) {
      const next = new URLSearchParams({ ...(request.query as Record<string, string>), before: last.id });
      response.setHeader('Link', `</requests?${next.toString()}>; rel="next"`);
    }
    response.setHeader('Content-Type', 'application/json');
    response.setHeader('Cache-Control', 'no-store');
    response.end(JSON.stringify({ requests: page.map(toStatusDocument) }));
  });
}

/** What can be the name of nothing matches nothing, which would look like an answer. */
function checkNames({ queue, project }: { readonly queue?: string; readonly project?: string }): void {
  const problems = [
    queue === undefined ? undefined : queueNameProblem('?queue', queue),
    project === undefined ? undefined : projectNameProblem('?project', project),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new ReplytoError('INVALID_REQUEST', { problems });
}

function readState(given: string): RequestState {
  const state = requestStates.find((known) => known === given);
  if (state !== undefined) return state;
  const problems = [toProblem('?status', given, `one of ${requestStates.join(', ')}`)];
  throw new ReplytoError('INVALID_REQUEST', { problems });
}
