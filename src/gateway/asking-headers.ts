import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { queueNameProblem } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { ReplytoError, isProblem, toProblem } from '#core/errors.js';
import { headerProblem } from '#core/header-text.js';
import type { MessageProperties } from '#core/message.js';
import { messageIdProblem } from '#core/message.js';
import { projectNameProblem } from '#schema/project-name.js';
import { isAddress } from './destination-check.js';
import { fromHttpHeader } from './header-encoding.js';
import type { Preference } from './prefer.js';
import { parsePrefer } from './prefer.js';
import { readApplicationHeaders, togetherProblem } from './travelling-headers.js';

/** What the headers of an asking call say, checked. */
export interface AskingHeaders {
  /** `Message-ID` or `Idempotency-Key`; undefined = one is made. */
  readonly messageId: string | undefined;
  readonly time: number | undefined;
  /** Queue that shall get the reply too. */
  readonly replyTo: string | null;
  readonly oneWay: boolean;
  readonly timeoutMs: number | undefined;
  readonly prefer: Preference;
  readonly contentType: string | null;
  readonly properties: MessageProperties;
  readonly applicationHeaders: Readonly<Record<string, string>>;
}

export interface AskingHeaderRules {
  /** Lower-case names of headers that travel besides `x-`. */
  readonly forwardHeaders: readonly string[];
  /** The call sends one message and expects no reply; default false. */
  readonly isOneWay?: boolean;
  /** What headers that were given more than once say, by lower-case name. */
  readonly repeated?: ReadonlyMap<string, readonly string[]>;
  /** Throws DESTINATION_NOT_ALLOWED for a Reply-To outside of the allowed patterns. */
  readonly checkReplyTo: (name: string) => void;
}

const noReply = 'none, or no such header: POST /requests/{queue} sends a message that expects a reply';

export const longestTimeoutSeconds = 3650 * 86_400;

/** One header however often it is given (RFC 9110, 5.3). */
const lists: ReadonlySet<string> = new Set(['tracestate', 'baggage']);

/**
 * Reads the headers of a request; every fault is told at once.
 *
 * @throws INVALID_REQUEST, DESTINATION_NOT_ALLOWED
 */
export function readAskingHeaders(headers: IncomingHttpHeaders, rules: AskingHeaderRules): AskingHeaders {
  const problems: Problem[] = [];
  const text = (name: string): string | undefined => {
    const value = headers[name];
    return typeof value === 'string' && value !== '' ? fromHttpHeader(value) : undefined;
  };
  /** Reads a header by `read`; what it says is wrong is collected. */
  function checked<T>(name: string, shown: string, read: (value: string) => T | Problem): T | undefined {
    const values = lists.has(name) ? undefined : rules.repeated?.get(name);
    if (values !== undefined) {
      problems.push(toProblem(shown, fromHttpHeader(values.join(', ')), 'given once'));
      return undefined;
    }
    const value = text(name);
    if (value === undefined) return undefined;
    const result = headerProblem(shown, value) ?? read(value);
    if (!isFault(result)) return result;
    problems.push({ ...result, field: shown });
    return undefined;
  }

  const messageId = checked('message-id', 'Message-ID', (id) => messageIdProblem('Message-ID', id) ?? id);
  const key = checked('idempotency-key', 'Idempotency-Key', readIdempotencyKey);
  if (messageId !== undefined && key !== undefined && messageId !== key) {
    problems.push(toProblem('Idempotency-Key', key, 'the same as Message-ID, or only one of the two'));
  }
  const time = checked('time', 'Time', (value) =>
    /^\d{1,15}$/u.test(value)
      ? Number(value)
      : toProblem('Time', value, 'epoch milliseconds, such as 1552959300136'),
  );
  const replyTo = checked('reply-to', 'Reply-To', (value) => readReplyTo(value, rules.isOneWay ?? false));
  const prefer = parsePrefer(text('prefer'));
  if (isProblem(prefer)) problems.push(prefer);
  const timeoutMs = checked('request-timeout', 'Request-Timeout', readTimeout);
  const contentType = checked('content-type', 'Content-Type', (value) => value);
  const properties = readProperties(checked, rules.repeated?.has('traceparent') === true);
  const applicationHeaders = readApplicationHeaders(headers, rules.forwardHeaders, problems);
  const together = togetherProblem(applicationHeaders, contentType, properties);
  if (together !== undefined) problems.push(together);

  if (problems.length > 0) throw new ReplytoError('INVALID_REQUEST', { problems });
  const isOneWay = rules.isOneWay === true || isNone(replyTo);
  if (replyTo !== undefined && !isOneWay) rules.checkReplyTo(replyTo);
  return {
    messageId: messageId ?? key,
    time,
    replyTo: isOneWay ? null : (replyTo ?? null),
    oneWay: isOneWay,
    timeoutMs,
    prefer: prefer as Preference,
    contentType: contentType ?? null,
    properties,
    applicationHeaders,
  };
}

type Checked = <T>(name: string, shown: string, read: (value: string) => T | Problem) => T | undefined;

function isFault(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'allowed' in value;
}

/** A structured-field string, as the Idempotency-Key draft says; a bare value is taken too. */
function readIdempotencyKey(value: string): string | Problem {
  const key = /^"([^"]*)"$/u.exec(value)?.[1] ?? value;
  if (key.includes('"')) return toProblem('Idempotency-Key', value, 'one string in double quotes');
  return messageIdProblem('Idempotency-Key', key) ?? key;
}

function isNone(replyTo: string | undefined): boolean {
  return replyTo?.toLowerCase() === 'none';
}

function readReplyTo(value: string, isOneWay: boolean): string | Problem {
  if (isOneWay && !isNone(value)) return toProblem('Reply-To', value, noReply);
  if (isAddress(value)) {
    return toProblem(
      'Reply-To',
      value,
      'the name of a queue, or none; addresses of callbacks are not served yet',
    );
  }
  return queueNameProblem('Reply-To', value) ?? value;
}

function readTimeout(value: string): number | Problem {
  const seconds = /^\d{1,10}$/u.test(value) ? Number(value) : 0;
  return seconds >= 1 && seconds <= longestTimeoutSeconds
    ? seconds * 1_000
    : toProblem('Request-Timeout', value, `whole seconds from 1 to ${longestTimeoutSeconds}`);
}

function readProperties(checked: Checked, isTraceUnsure: boolean): MessageProperties {
  const conversationId = checked('correl-id', 'Correl-ID', (value) => value);
  const project = checked('project', 'Project', (value) => projectNameProblem('Project', value) ?? value);
  const priority = checked('message-priority', 'Message-Priority', (value) =>
    /^\d$/u.test(value) ? Number(value) : toProblem('Message-Priority', value, 'one digit, 0-9'),
  );
  // Of two traces none is continued (W3C Trace Context, 3.2), and no call fails for its trace.
  const traceparent = isTraceUnsure ? undefined : checked('traceparent', 'traceparent', (value) => value);
  const tracestate = isTraceUnsure ? undefined : checked('tracestate', 'tracestate', (value) => value);
  const baggage = checked('baggage', 'baggage', (value) => value);
  return {
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(project === undefined ? {} : { project }),
    ...(priority === undefined ? {} : { priority }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(tracestate === undefined ? {} : { tracestate }),
    ...(baggage === undefined ? {} : { baggage }),
  };
}

/** Node keeps the first of some headers and joins all of others. */
export function repeatedHeaders({
  headersDistinct,
}: Pick<IncomingMessage, 'headersDistinct'>): ReadonlyMap<string, readonly string[]> {
  return new Map(
    Object.entries(headersDistinct).flatMap(([name, values = []]) =>
      values.length > 1 ? [[name, values]] : [],
    ),
  );
}
