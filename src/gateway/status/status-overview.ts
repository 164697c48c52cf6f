/** `GET /status` and `GET /status/{project}/subjects`: which projects there are, and where everything in one of them stands. */
import type { Express, Request, Response } from 'express';
import type { SubjectState } from '#core/ports/event-log.js';
import { sendJson } from '../answers.js';
import type { GatewayContext } from '../context.js';
import { readInteger, readQuery } from '../parameters.js';
import { principalOf } from '../principal.js';
import type { ProjectRequest } from './project.js';
import { readProject } from './project.js';

/** Projects or subjects in a list. */
export const listed = { min: 1, max: 500, absent: 100 };

export function addStatusOverview(app: Express, { events }: GatewayContext): void {
  app.get('/status', async (request: Request, response: Response) => {
    const limit = readInteger('?limit', readQuery(request, ['limit']).limit, listed);
    const principal = principalOf(response);
    const isMine = (project: string): boolean => principal.mayUseProject(project);
    const projects = await events.projects(limit, principal.name === null ? undefined : isMine);
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, { projects });
  });

  app.get('/status/:project/subjects', async (request: ProjectRequest, response: Response) => {
    const project = readProject(request, response);
    const query = readQuery(request, ['limit', 'before']);
    const limit = readInteger('?limit', query.limit, listed);
    const before = readInteger('?before', query.before, {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      absent: Number.MAX_SAFE_INTEGER,
    });
    // The end is read first: whoever goes on from there hears of everything that the list does not show yet.
    const last = await events.last(project);
    const subjects = await events.subjects(project, { limit, before });
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, { project, last, subjects: subjects.map(withoutNulls) });
  });
}

function withoutNulls({ percent, text, status, ...state }: SubjectState): object {
  return {
    ...state,
    ...(percent === null ? {} : { percent }),
    ...(text === null ? {} : { text }),
    ...(status === null ? {} : { status }),
  };
}
