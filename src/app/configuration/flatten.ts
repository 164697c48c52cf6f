import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { sections } from '#schema/settings.js';
import type { GivenValue, Origin } from './origin.js';
import { fieldInWords } from './origin.js';
import { visibleValue } from './secrets.js';

export interface Given {
  readonly values: readonly GivenValue[];
  readonly problems: readonly Problem[];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The values of one group. A group with nothing in it, as when all its lines are comments, has none. */
export function flattenSection(section: string, value: unknown, origin: Origin): Given {
  if (value === null) return { values: [], problems: [] };
  if (!isMap(value)) {
    const field = fieldInWords([section], origin);
    const problem = toProblem(field, visibleValue([section], value), `keys and values of ${section}`);
    return { values: [], problems: [problem] };
  }
  const values = Object.entries(value).map(([name, member]) => ({
    path: [section, name],
    value: member,
    origin,
  }));
  return { values, problems: [] };
}

/** Takes a whole configuration apart into its values, so that other sources can replace single ones. */
export function flatten(root: unknown, origin: Origin, name: string): Given {
  if (root === null || root === undefined) return { values: [], problems: [] };
  if (!isMap(root)) {
    return { values: [], problems: [toProblem(name, visibleValue([], root), 'keys and values')] };
  }
  const parts = Object.entries(root).map(([key, value]) =>
    sections.includes(key)
      ? flattenSection(key, value, origin)
      : { values: [{ path: [key], value, origin }], problems: [] },
  );
  return {
    values: parts.flatMap(({ values }) => values),
    problems: parts.flatMap(({ problems }) => problems),
  };
}
