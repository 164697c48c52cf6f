import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { RouteTable } from './route-table.js';

/** A path of the API, `/requests/{id}/reply`, and a method it is served with. */
export interface Resource {
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  /** Its GET changes something, so it has no HEAD; default false. */
  readonly withoutHead?: boolean;
}

/**
 * Answers calls of a path that exists with a method that it does not offer: 405 with the methods in `Allow`
 * (RFC 9110, 15.5.6). OPTIONS gets the same list as its answer. Comes after every resource and route.
 */
export function refuseOtherMethods(resources: readonly Resource[], routes: RouteTable): RequestHandler {
  const compiled = resources.map(({ method, path, withoutHead }) => ({
    methods: method === 'get' && withoutHead !== true ? ['GET', 'HEAD'] : [method.toUpperCase()],
    segments: path.split('/'),
  }));

  function methodsOf(path: string): string[] {
    // A slash at the end changes nothing for the resources, as in Express.
    const given = path.replace(/(?<=.)\/$/u, '').split('/');
    const methods = compiled
      .filter(({ segments }) => matches(segments, given))
      .flatMap(({ methods: offered }) => offered);
    return methods.length === 0 && routes.match(path) !== undefined ? ['POST'] : methods;
  }

  return (request: Request, response: Response, next: NextFunction) => {
    const methods = methodsOf(request.path);
    if (methods.length === 0) {
      next();
      return;
    }
    const allowed = [...methods, 'OPTIONS'].sort().join(', ');
    response.setHeader('Allow', allowed);
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    const problems = [toProblem('method', request.method, allowed)];
    throw new ReplytoError('METHOD_NOT_ALLOWED', { problems });
  };
}

function matches(template: readonly string[], given: readonly string[]): boolean {
  return (
    template.length === given.length &&
    template.every((segment, index) =>
      segment.startsWith('{') ? given[index] !== '' : segment === given[index],
    )
  );
}
