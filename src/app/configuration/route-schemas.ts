import { resolve } from 'node:path';
import type { BodyCheck } from '#schema/body-check.js';
import type { Finding } from '#schema/problems.js';
import { compileBodySchema } from './body-schema.js';
import { readTextFile } from './read-file.js';

const maxBytes = 1_048_576;

export interface RouteSchemas {
  /** By the absolute path of the schema's file. */
  readonly checks: ReadonlyMap<string, BodyCheck>;
  readonly findings: readonly Finding[];
}

interface NamedSchema {
  readonly path: readonly (string | number)[];
  readonly file: string;
}

function namedSchemas(routes: readonly unknown[]): NamedSchema[] {
  return routes.flatMap((route, index) => {
    const schema: unknown =
      typeof route === 'object' && route !== null && 'schema' in route ? route.schema : undefined;
    if (typeof schema !== 'object' || schema === null) return [];
    return Object.entries(schema)
      .filter(([side]) => side === 'request' || side === 'reply')
      .flatMap(([side, file]: [string, unknown]) =>
        typeof file === 'string' && file !== '' ? [{ path: ['routes', index, 'schema', side], file }] : [],
      );
  });
}

/**
 * Reads and compiles the schema files of routes, each file once. The routes need not be checked: what
 * is no name of a file is passed over.
 */
export function loadRouteSchemas(routes: readonly unknown[], folder: string): RouteSchemas {
  const checks = new Map<string, BodyCheck>();
  const findings: Finding[] = [];
  for (const { path, file } of namedSchemas(routes)) {
    const absolute = resolve(folder, file);
    if (checks.has(absolute)) continue;
    const read = readTextFile(absolute, maxBytes);
    const compiled = read.ok ? compileBodySchema(read.text) : read;
    if (compiled.ok) checks.set(absolute, compiled.check);
    else {
      const allowed = `a file with a JSON Schema (2020-12); ${absolute}: ${compiled.reason}`;
      findings.push({ path, value: file, allowed });
    }
  }
  return { checks, findings };
}
