import { errorKinds } from '#core/error-kinds.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { ErrorCode } from '#core/error-kinds.js';
import type { Problem } from '#core/errors.js';
import type { Environment } from '../configuration/environment.js';
import { readCredentials } from './credentials.js';
import { callHttp, openHttp } from './http-call.js';
import type { HttpAnswer, HttpCall, OpenAnswer } from './http-call.js';

export type GatewayCall = Omit<HttpCall, 'base' | 'deadlineMs'> & {
  /** Milliseconds that the gateway was asked to wait; the answer gets some more. Default 0. */
  readonly waitMs?: number;
};

/** A gateway somewhere, as the commands that speak HTTP use it. */
export interface GatewayClient {
  /** As people may see it, without a login. */
  readonly url: string;
  /** Any answer is a success, whatever its status. @throws GATEWAY_UNAVAILABLE, WAIT_ABORTED */
  call(call: GatewayCall): Promise<HttpAnswer>;
  /** The same for an answer that goes on, such as a stream of events. @throws GATEWAY_UNAVAILABLE, WAIT_ABORTED */
  open(call: GatewayCall): Promise<OpenAnswer>;
}

const defaultUrl = 'http://127.0.0.1:8080';
const answerMs = 30_000;
/** A gateway writes a comment into a stream every 15 s. */
const silenceMs = 45_000;

/**
 * Address: `url` (the flag), else REPLYTO_URL, else http://127.0.0.1:8080. Token and certificates as `readCredentials` says.
 *
 * @throws INVALID_ARGUMENT
 */
export function createGatewayClient(environment: Environment, url?: string): GatewayClient {
  const given = environment['REPLYTO_URL'] ?? '';
  const base = toBase(
    url === undefined ? 'REPLYTO_URL' : '--url',
    url ?? (given === '' ? defaultUrl : given),
  );
  const { headers: own, tls } = readCredentials(environment);
  const toCall = ({ waitMs = 0, headers, ...call }: GatewayCall): HttpCall => ({
    ...call,
    base,
    deadlineMs: waitMs + answerMs,
    headers: { ...headers, ...own },
    tls,
  });
  return {
    url: `${base.origin}${base.pathname.replace(/\/$/u, '')}`,
    call: (call) => callHttp(toCall(call)),
    open: (call) => openHttp(toCall(call), silenceMs),
  };
}

function toBase(field: string, text: string): URL {
  const allowed = 'the address of a gateway such as http://127.0.0.1:8080, without login and parameters';
  if (!URL.canParse(text))
    throw new ReplytoError('INVALID_ARGUMENT', { problems: [toProblem(field, text, allowed)] });
  const url = new URL(text);
  const isPlain = `${url.username}${url.password}${url.search}${url.hash}` === '';
  if (isPlain && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  // A password may stand in it, so it is not shown.
  throw new ReplytoError('INVALID_ARGUMENT', {
    problems: [toProblem(field, isPlain ? text : undefined, allowed)],
  });
}

/** An empty name would leave the path, and ask for something else. @throws INVALID_ARGUMENT */
export function refuseEmpty(field: string, name: string): void {
  if (name !== '') return;
  throw new ReplytoError('INVALID_ARGUMENT', {
    problems: [toProblem(field, name, 'a name that is not empty')],
  });
}

/** The gateway names the header of the token; here it stands in a variable. */
function addedProblems(code: ErrorCode | undefined): Problem[] {
  if (code !== 'NOT_AUTHENTICATED') return [];
  return [toProblem('REPLYTO_TOKEN or REPLYTO_TOKEN_FILE', undefined, 'a token that this gateway knows')];
}

/** The members of application/problem+json that people are told. */
interface ReceivedProblem {
  readonly code?: unknown;
  readonly title?: unknown;
  readonly detail?: unknown;
  readonly problems?: unknown;
  readonly requestId?: unknown;
  readonly fault?: unknown;
}

/** The answer as an error of the table, when it is one; its exit code is that of its `code`. */
export function errorOf({ status, headers, body }: HttpAnswer): ReplytoError | undefined {
  if (status < 300) return undefined;
  if (status < 400) return redirected(status, headers['location']);
  const problem = isProblem(headers['content-type']) ? readJson(body) : undefined;
  if (problem === undefined) return unexplained(status);
  const { code, title, detail, requestId } = problem;
  const known = typeof code === 'string' && Object.hasOwn(errorKinds, code) ? (code as ErrorCode) : undefined;
  const said = textOf(detail) ?? textOf(title);
  return new ReplytoError(known ?? 'INTERNAL', {
    detail:
      known === undefined
        ? `${textOf(code) ?? status}: ${said ?? 'no detail'}`
        : (faultText(problem) ?? said ?? ''),
    problems: [...problemsOf(problem.problems), ...addedProblems(known)],
    ...(typeof requestId === 'string' ? { requestId } : {}),
  });
}

/** With these a proxy says that another time the answer may be another one. */
const passingStatuses: ReadonlySet<number> = new Set([408, 425, 429]);

function unexplained(status: number): ReplytoError {
  const detail = `the gateway answered with status ${status} and no problem document: is a replyto gateway at that address?`;
  const isPassing = status >= 500 || passingStatuses.has(status);
  return new ReplytoError(isPassing ? 'GATEWAY_UNAVAILABLE' : 'INTERNAL', { detail });
}

/** Not followed: what is sent, and the token with it, is for the address that was given. */
function redirected(status: number, location = 'nowhere'): ReplytoError {
  const detail = `the answer has status ${status}, which leads to ${location}; write the address of the gateway in --url or REPLYTO_URL`;
  return new ReplytoError('GATEWAY_UNAVAILABLE', { detail });
}

function isProblem(contentType: string | undefined): boolean {
  return /^application\/problem\+json\b/iu.test(contentType ?? '');
}

function readJson(body: Buffer): ReceivedProblem | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What the service said, with its own code. */
function faultText({ fault }: ReceivedProblem): string | undefined {
  if (typeof fault !== 'object' || fault === null) return undefined;
  const { code, message, details } = fault as Readonly<Record<string, unknown>>;
  const more = details === undefined ? '' : ` ${JSON.stringify(details)}`;
  return `the service answered with a fault: ${textOf(code) ?? '?'}: ${textOf(message) ?? ''}${more}`;
}

function problemsOf(value: unknown): Problem[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry: unknown) => {
    if (typeof entry !== 'object' || entry === null) return [];
    const { field, value: given, allowed } = entry as Readonly<Record<string, unknown>>;
    return [toProblem(textOf(field) ?? '?', textOf(given), textOf(allowed) ?? '?')];
  });
}
