import type { Path } from '#schema/problems.js';
import { pathInWords } from '#schema/problems.js';

/** Where a value came from. `name` is the file, variable or flag as people write it. */
export type Origin =
  | { readonly kind: 'default' }
  | { readonly kind: 'file'; readonly name: string }
  | {
      readonly kind: 'environment' | 'flag';
      readonly name: string;
      /** How many steps of a path the name stands for; what lies beneath is added to it in problems. */
      readonly steps: number;
    };

/** One value from one source, not checked yet. */
export interface GivenValue {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: Origin;
}

/** What the sources together say. */
export interface Merged {
  /** What the schema checks. */
  readonly tree: Readonly<Record<string, unknown>>;
  /** Of the value at the path or of what it lies in; a default when no source names it. */
  originOf(path: Path): Origin;
}

// Keys of a file may hold dots, so paths are told apart by JSON.
function keyOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

/** Puts values together; of two for the same path the later counts. */
export function mergeGiven(given: readonly GivenValue[]): Merged {
  const counting = new Map<string, GivenValue>();
  for (const value of given) counting.set(keyOf(value.path), value);

  const root = new Map<string, unknown>();
  const groups = new Map<string, Map<string, unknown>>();
  for (const { path, value } of counting.values()) {
    const [first = '', second] = path;
    if (second === undefined) root.set(first, value);
    else groups.set(first, (groups.get(first) ?? new Map<string, unknown>()).set(second, value));
  }
  // fromEntries and not assignment: a key may be `__proto__`.
  for (const [name, members] of groups) root.set(name, Object.fromEntries(members));
  return {
    tree: Object.fromEntries(root),
    originOf: (path) =>
      (counting.get(keyOf(path.slice(0, 2))) ?? counting.get(keyOf(path.slice(0, 1))))?.origin ?? {
        kind: 'default',
      },
  };
}

/** `requests.waitMs (replyto.yaml)`, `REPLYTO_REQUESTS__WAIT_MS`, `--port`: a field as problems name it. */
export function fieldInWords(path: Path, origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return pathInWords(path);
    case 'file':
      return `${pathInWords(path)} (${origin.name})`;
    default: {
      const inner = pathInWords(path.slice(origin.steps));
      return inner === '' || inner.startsWith('[') ? `${origin.name}${inner}` : `${origin.name}.${inner}`;
    }
  }
}

export function originInWords(origin: Origin): string {
  return origin.kind === 'default' ? 'default' : origin.name;
}
