/**
 * Paths and queue templates of routes. `{name}` in a path is one decoded segment, in a queue template
 * the text of that segment. This is the product's own syntax: the gateway never hands it to a router.
 */
export interface PathSegment {
  readonly kind: 'literal' | 'parameter';
  /** The text of a literal, the name of a parameter. */
  readonly text: string;
}

/** First segments that belong to the API of the gateway; upper and lower case do not differ here. */
export const reservedSegments: readonly string[] = [
  'requests',
  'queues',
  'status',
  'claims',
  'dead-letters',
  'unmatched-replies',
  'stomp',
  'broker',
  'flows',
  'processes',
  'work',
  'work-requests',
  'policies',
  'emergency-stop',
  'dashboard',
  'docs',
  'problems',
  'livez',
  'readyz',
  'metrics',
  'version',
  'openapi.json',
  'asyncapi.json',
];

export function isReservedSegment(segment: string): boolean {
  return reservedSegments.includes(segment.toLowerCase());
}

const parameterName = '[A-Za-z_][A-Za-z0-9_]*';
const literal = String.raw`(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+`;
const parameterPattern = new RegExp(`^\\{(${parameterName})\\}$`, 'u');

/** What a path looks like; names and reserved words are checked besides. */
export const pathPattern = new RegExp(`^(?:/(?:${literal}|\\{${parameterName}\\}))+$`, 'u');

export const pathAllowed =
  'a path such as /orders/{kind}: each segment either letters, digits and - . _ ~ or one {name}, no trailing slash';

/** The segments of a path, or undefined when it is none. */
export function parsePath(path: string): readonly PathSegment[] | undefined {
  if (!pathPattern.test(path)) return undefined;
  return path
    .slice(1)
    .split('/')
    .map((text) => {
      const name = parameterPattern.exec(text)?.[1];
      return name === undefined ? { kind: 'literal', text } : { kind: 'parameter', text: name };
    });
}

/** Says what a path may be instead, or nothing when it may be a route. */
export function pathProblem(path: string): string | undefined {
  const segments = parsePath(path);
  if (segments === undefined) return pathAllowed;
  const names = segments.filter(({ kind }) => kind === 'parameter').map(({ text }) => text);
  const repeated = names.find((name, index) => names.indexOf(name) !== index);
  if (repeated !== undefined) return `a path that has each name once; {${repeated}} stands there again`;
  const [first] = segments;
  if (first?.kind === 'literal' && isReservedSegment(first.text)) {
    return `another first segment: '${first.text}' belongs to the API, as do ${reservedSegments.join(', ')}`;
  }
  return undefined;
}

/**
 * How two paths stand to each other: `apart` when no call matches both, `first` or `second` when that
 * one is the more specific, `same` when exactly the same calls match, `ambiguous` when neither is more
 * specific although one call may match both.
 */
export type PathRelation = 'apart' | 'first' | 'second' | 'same' | 'ambiguous';

export function comparePaths(first: readonly PathSegment[], second: readonly PathSegment[]): PathRelation {
  if (first.length !== second.length) return 'apart';
  let relation: PathRelation = 'same';
  for (const [index, one] of first.entries()) {
    const other = second[index];
    if (other === undefined) return 'apart';
    if (one.kind === other.kind) {
      if (one.kind === 'literal' && one.text !== other.text) return 'apart';
      continue;
    }
    const specific = one.kind === 'literal' ? 'first' : 'second';
    // No early return for `ambiguous`: a later segment may still hold the two apart.
    relation = relation === 'same' || relation === specific ? specific : 'ambiguous';
  }
  return relation;
}

const placeholder = /\{([^{}]*)\}/gu;

export const templateAllowed =
  'a queue name, in which {name} stands for the segment of the same name in the path';

/** The names a queue template uses, or undefined when its braces make no sense. */
export function templateNames(template: string): readonly string[] | undefined {
  const names = [...template.matchAll(placeholder)].map((match) => match[1] ?? '');
  const isWhole = !/[{}]/u.test(template.replaceAll(placeholder, ''));
  return isWhole && names.every((name) => new RegExp(`^${parameterName}$`, 'u').test(name))
    ? names
    : undefined;
}

/** The queue that a template means for these segments; a name without a value stays empty. */
export function fillTemplate(template: string, values: Readonly<Record<string, string>>): string {
  return template.replaceAll(placeholder, (_, name: string) =>
    Object.hasOwn(values, name) ? (values[name] ?? '') : '',
  );
}
