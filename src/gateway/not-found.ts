/** What is said of paths that nothing is served at. */
import type { Request } from 'express';
import { ReplytoError } from '#core/errors.js';
import type { Role } from '#core/roles.js';

/** By the beginning of the path. */
const hints = [
  ['/queues', 'GET /queues/{queue}/messages reads a queue'],
  ['/dead-letters', 'GET /dead-letters lists them'],
  ['/unmatched-replies', 'GET /unmatched-replies lists them'],
  ['/status', 'GET and POST /status/{project} follow a project and tell of it; its name has no slash'],
  [
    '/dashboard',
    'the pages are /dashboard/status, /dashboard/status?project={project} and /dashboard/requests/{id}',
  ],
] as const;

export function notFound({ method, path }: Request): ReplytoError {
  const [, hint = 'POST /requests/{queue} asks any queue'] =
    hints.find(([start]) => path.startsWith(start)) ?? [];
  const detail = `${method} ${path.slice(0, 200)}: no resource and no route; ${hint}`;
  return new ReplytoError('ROUTE_NOT_FOUND', { detail });
}

export function notAGateway(roles: readonly Role[]): ReplytoError {
  const detail = `this process has the roles ${roles.join(', ')}; calls are for those with the role gateway`;
  return new ReplytoError('NOT_A_GATEWAY', { detail });
}
