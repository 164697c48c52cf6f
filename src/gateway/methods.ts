import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { RouteTable } from './route-table.js';

/** A path of the API, `/requests/{id}/reply`, and a method it is served with. */
export interface Resource {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  readonly path: string;
  /** Its GET changes something, so it has no HEAD; default false. */
  readonly withoutHead?: boolean;
}

/** As `Allow` lists them. */
export function methodsInWords(methods: readonly string[]): string {
  return [...new Set([...methods, 'OPTIONS'])].sort().join(', ');
}

/** What some resource is served with. */
export function methodsServed(resources: readonly Resource[]): string[] {
  return resources.flatMap(({ method, withoutHead }) =>
    method === 'get' && withoutHead !== true ? ['GET', 'HEAD'] : [method.toUpperCase()],
  );
}

/**
 * Answers calls of a path that exists with a method that it does not offer: 405 with the methods in `Allow`
 * (RFC 9110, 15.5.6). OPTIONS gets the same list as its answer, and of `*` those of the whole server.
 * Comes after every resource and route.
 */
export function refuseOtherMethods(resources: readonly Resource[], routes: RouteTable): RequestHandler {
  const compiled = resources.map((resource) => ({ resource, segments: resource.path.split('/') }));

  function methodsOf(path: string): string[] {
    // A slash at the end changes nothing for the resources, as in Express.
    const given = path.replace(/(?<=.)\/$/u, '').split('/');
    const matching = compiled.filter(({ segments }) => path === '*' || matches(segments, given));
    const methods = methodsServed(matching.map(({ resource }) => resource));
    return methods.length === 0 && routes.match(path) !== undefined ? ['POST'] : methods;
  }

  /** Who leaves out the last part of a path is told so. */
  function hint({ method, path }: Request): string {
    const given = [...path.replace(/(?<=.)\/$/u, '').split('/'), 'missing'];
    const meant = compiled.find(
      ({ resource, segments }) =>
        resource.method.toUpperCase() === method &&
        segments.at(-1)?.startsWith('{') === true &&
        matches(segments, given),
    );
    if (meant === undefined) return '';
    const name = method === 'POST' ? '{queue}' : '{id}';
    return `; for ${method} there is ${meant.resource.path.replace('{queueOrId}', name)}`;
  }

  return (request: Request, response: Response, next: NextFunction) => {
    const methods = methodsOf(request.path);
    if (methods.length === 0) {
      next();
      return;
    }
    const allowed = methodsInWords(methods);
    response.setHeader('Allow', allowed);
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    const problems = [toProblem('method', request.method, `${allowed}${hint(request)}`)];
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
