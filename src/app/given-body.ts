/** The body that a command sends: from `--data`, from a file, or from what is piped into it. */
import { isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { headerProblem } from '#core/header-text.js';
import type { CommandContext } from './command-context.js';

export interface GivenBodyOptions {
  /** Text, `@file`, or `@-` for standard input; absent: standard input if something is piped, else nothing. */
  readonly data?: string | undefined;
  readonly contentType?: string | undefined;
}

export interface GivenBody {
  readonly body: Buffer;
  /** As given, else found from the bytes; null for an empty body. */
  readonly contentType: string | null;
}

/** A parent that forgot to close the pipe would else leave the user guessing. */
const hintAfterMs = 3_000;

/** @throws INVALID_ARGUMENT when the file cannot be read */
export async function readGivenBody(context: CommandContext, options: GivenBodyOptions): Promise<GivenBody> {
  const body = await readBody(context, options.data);
  return { body, contentType: options.contentType ?? guessContentType(body) };
}

async function readBody(
  { stdin, stderr, workingFolder }: CommandContext,
  data: string | undefined,
): Promise<Buffer> {
  if (data === undefined && !stdin.isPiped) return Buffer.alloc(0);
  if (data === undefined || data === '@-') {
    const timer = setTimeout(() => {
      void stderr.write("reading the body from standard input; --data '' sends none\n");
    }, hintAfterMs);
    try {
      return await stdin.readAll();
    } finally {
      clearTimeout(timer);
    }
  }
  if (!data.startsWith('@')) return Buffer.from(data, 'utf8');
  const path = resolve(workingFolder, data.slice(1));
  try {
    return await readFile(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const problems = [toProblem('--data', data, `@ with a file that can be read; ${reason}`)];
    throw new ReplytoError('INVALID_ARGUMENT', { problems, cause: error });
  }
}

function guessContentType(body: Buffer): string | null {
  if (body.byteLength === 0) return null;
  if (!isUtf8(body)) return 'application/octet-stream';
  try {
    JSON.parse(body.toString('utf8'));
    return 'application/json';
  } catch {
    return 'text/plain; charset=utf-8';
  }
}

/** Headers that have an option of their own, which checks them. */
const ownOptions: ReadonlyMap<string, string> = new Map([
  ['message-id', '--message-id'],
  ['idempotency-key', '--message-id'],
  ['correl-id', '--correl-id'],
  ['correlation-id', '--correl-id'],
  ['reply-to', '--reply-to'],
  ['content-type', '--content-type'],
  ['project', '--project'],
  ['prefer', '--wait or --async'],
  ['request-timeout', '--timeout'],
  ['message-priority', '--priority'],
  ['priority', '--priority'],
]);

/** What `-H 'Name: value'` may name. */
export interface HeaderRule {
  readonly allowed: string;
  readonly isAllowed: (lowerCaseName: string) => boolean;
}

/**
 * Reads `-H 'Name: value'`; names become lower-case.
 *
 * @throws INVALID_ARGUMENT with every header that is wrong
 */
export function readGivenHeaders(given: readonly string[], rule: HeaderRule): Record<string, string> {
  const headers: Record<string, string> = {};
  const problems: Problem[] = [];
  for (const text of given) {
    const colon = text.indexOf(':');
    const name = text.slice(0, Math.max(0, colon)).trim().toLowerCase();
    const value = text.slice(colon + 1).trim();
    const option = ownOptions.get(name);
    if (colon < 1) problems.push(toProblem('-H', text, "'Name: value'"));
    else if (option !== undefined)
      problems.push(toProblem('-H', text, `another header; for this one use ${option}`));
    else if (!rule.isAllowed(name)) problems.push(toProblem('-H', text, rule.allowed));
    else {
      const problem = headerProblem(name, value);
      if (problem === undefined) headers[name] = value;
      else problems.push({ ...problem, field: `-H ${name}` });
    }
  }
  if (problems.length > 0) throw new ReplytoError('INVALID_ARGUMENT', { problems });
  return headers;
}
