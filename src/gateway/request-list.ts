/** `GET /requests`: the newest first, page by page. */
import type { Express, Request, Response } from 'express';
import { queueNameProblem } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { ReplytoError, isProblem, toProblem } from '#core/errors.js';
import { isMessageId, messageIdProblem } from '#core/message.js';
import { isVisibleTo, longestList, requestStates } from '#core/request.js';
import type { RequestState } from '#core/request.js';
import type { RequestFilter } from '#core/ports/request-store.js';
import { choiceInWords } from '#schema/allowed-in-words.js';
import { projectNameProblem } from '#schema/project-name.js';
import { parseInteger } from '#schema/whole-number.js';
import { toStatusDocument } from './answers.js';
import type { GatewayContext } from './context.js';
import { parseQuery } from './parameters.js';
import { principalOf } from './principal.js';

export const pageSize = { min: 1, max: longestList, absent: 50 };
const parameters = ['status', 'queue', 'project', 'parent', 'before', 'limit'] as const;

export function addRequestList(app: Express, { store }: GatewayContext): void {
  /** A cursor that nobody knows would look like the end of the list. */
  async function cursorProblem(
    before: string | undefined,
    name: string | null,
  ): Promise<Problem | undefined> {
    if (before === undefined) return undefined;
    const record = isMessageId(before) ? await store.find(before) : null;
    if (record !== null && isVisibleTo(name, record)) return undefined;
    return toProblem('?before', before, 'the id of a request that is kept here');
  }

  /** All that is wrong is told at once. */
  async function readFilter(request: Request, name: string | null): Promise<RequestFilter> {
    const { found, problems: others } = parseQuery(request, parameters);
    const { limit: givenLimit, status: givenStatus, ...filters } = found;
    const limit = parseInteger('?limit', givenLimit, pageSize);
    const status = givenStatus === undefined ? undefined : parseState(givenStatus);
    const problems = [
      ...others,
      isProblem(status) ? status : undefined,
      ...nameProblems(filters),
      await cursorProblem(filters.before, name),
      isProblem(limit) ? limit : undefined,
    ].filter((problem) => problem !== undefined);
    if (problems.length > 0 || isProblem(status) || isProblem(limit)) {
      throw new ReplytoError('INVALID_REQUEST', { problems });
    }
    return {
      ...filters,
      ...(status === undefined ? {} : { status }),
      ...(name === null ? {} : { postedBy: name }),
      limit,
    };
  }

  app.get('/requests', async (request: Request, response: Response) => {
    const filter = await readFilter(request, principalOf(response).name);
    const { limit } = filter;
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
function nameProblems({
  queue,
  project,
  parent,
}: {
  readonly queue?: string;
  readonly project?: string;
  readonly parent?: string;
}): (Problem | undefined)[] {
  return [
    parent === undefined ? undefined : messageIdProblem('?parent', parent),
    queue === undefined ? undefined : queueNameProblem('?queue', queue),
    project === undefined ? undefined : projectNameProblem('?project', project),
  ];
}

function parseState(given: string): RequestState | Problem {
  const state = requestStates.find((known) => known === given);
  return state ?? toProblem('?status', given, choiceInWords(requestStates));
}
