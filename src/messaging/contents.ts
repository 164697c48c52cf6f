import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { headerProblem } from '#core/header-text.js';
import { valueInWords } from '#schema/problems.js';

/** Contents of a message as a program gives them, and their bytes and type on the wire. */
export interface Contents {
  readonly body: Uint8Array;
  readonly contentType: string | null;
  /** Application headers, names beginning with `x-`. */
  readonly headers: Readonly<Record<string, string>>;
}

const marker = Symbol.for('replyto.contents');

interface GivenContents extends Contents {
  readonly [marker]: true;
}

export interface ContentsOptions {
  /** Null sends none. */
  readonly contentType?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Contents with a content type or headers of one's own; header names begin with `x-`.
 *
 * @throws INVALID_ARGUMENT naming the content type and each header that cannot travel, TypeError when the value cannot
 *   be written as JSON
 * @example return contents('<ok/>', { contentType: 'application/xml' });
 */
export function contents(value: unknown, options: ContentsOptions = {}): Contents {
  const plain = toContents(value);
  const { contentType = plain.contentType } = options;
  const headers = options.headers ?? {};
  const problems = [
    contentType === null ? undefined : headerValueProblem('contentType', 'content-type', contentType),
    ...Object.entries(headers).map(([name, text]) => applicationHeaderProblem(name, text)),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new ReplytoError('INVALID_ARGUMENT', { problems });
  const given: GivenContents = {
    [marker]: true,
    body: plain.body,
    contentType,
    headers: { ...plain.headers, ...lowerCased(headers) },
  };
  return given;
}

/**
 * Bytes stay bytes (`application/octet-stream`), a string is `text/plain`, nothing is an empty body without a
 * type, everything else is JSON.
 *
 * @throws TypeError when the value cannot be written as JSON
 */
export function toContents(value: unknown): Contents {
  if (isGiven(value)) return value;
  if (value instanceof Uint8Array) {
    return { body: value, contentType: 'application/octet-stream', headers: {} };
  }
  if (typeof value === 'string') return textContents(value, 'text/plain; charset=utf-8');
  if (value === undefined || value === null)
    return { body: new Uint8Array(), contentType: null, headers: {} };
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError(`a ${typeof value} cannot be the contents of a message`);
  return textContents(json, 'application/json');
}

function isGiven(value: unknown): value is GivenContents {
  return typeof value === 'object' && value !== null && marker in value;
}

function textContents(text: string, contentType: string): Contents {
  return { body: new TextEncoder().encode(text), contentType, headers: {} };
}

/** Another name could be one of the frame's own, such as `content-length`, and break it. */
function applicationHeaderProblem(name: string, value: unknown): Problem | undefined {
  const field = `headers.${name}`;
  return /^x-./iu.test(name)
    ? headerValueProblem(field, name, value)
    : toProblem(field, valueInWords(value), 'a name that begins with x-');
}

/** {@link headerProblem} for what a program gives as the option `field`, which may be no text at all. */
export function headerValueProblem(field: string, name: string, value: unknown): Problem | undefined {
  if (typeof value !== 'string') return toProblem(field, valueInWords(value), 'text');
  const problem = headerProblem(name, value);
  return problem === undefined ? undefined : { ...problem, field };
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** A received message with its body as text or JSON. */
export interface ReadableBody {
  readonly text: () => string;
  /** @throws SyntaxError when the body is not JSON; in a handler a Fault NOT_JSON, which the caller gets */
  readonly json: () => unknown;
}

export function readableBody(body: Uint8Array): ReadableBody {
  const text = (): string => new TextDecoder().decode(body);
  return { text, json: () => JSON.parse(text()) as unknown };
}
