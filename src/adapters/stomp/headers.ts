/**
 * The one place that knows how a message's fields are called on the wire. Headers are written from a white
 * list and never copied from one message to another: `receipt`, `message-id` and broker extras of a received
 * message would do harm when sent again.
 */
import type { Destination } from '#core/destination.js';
import type { Problem } from '#core/errors.js';
import { ReplytoError, toProblem } from '#core/errors.js';
import { isForwardableHeader } from '#core/application-header.js';
import { headerProblem } from '#core/header-text.js';
import type { Message, MessageProperties } from '#core/message.js';
import { isMessageId } from '#core/message.js';
import type { Dialect } from './dialects/dialect.js';
import { headerBlockProblem } from './header-limits.js';

type StompHeaders = Readonly<Record<string, string>>;

const textProperties = {
  conversationId: 'Conversation-ID',
  project: 'Project',
  subject: 'Subject',
  eventKind: 'Kind',
  schema: 'Schema',
  storeId: 'Store-ID',
  replyToken: 'Reply-Token',
  contentDigest: 'Content-Digest',
  requestDigest: 'Request-Digest',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  baggage: 'baggage',
} as const satisfies Partial<Record<keyof MessageProperties, string>>;

const numberProperties = {
  deadlineMs: 'Deadline-Ms',
  expiresAt: 'Expires-At',
  sequence: 'Sequence',
  attempt: 'Attempt',
  resend: 'Resend',
  priority: 'priority',
} as const satisfies Partial<Record<keyof MessageProperties, string>>;

/** Written on every reply so that a JMS service may name either. */
const correlationHeader = 'correlation-id';
const otherCorrelationHeader = 'Correl-ID';
/** Names of the application headers that do not begin with `x-`, see `forwardHeaders` of a route. */
const forwardHeader = 'Forward-Headers';

/**
 * Headers of a SEND for this message.
 *
 * @throws INVALID_ARGUMENT when a value cannot travel unharmed, or all together are more than a broker takes; nothing is
 * sent then.
 */
export function toHeaders(message: Message, dialect: Dialect): Record<string, string> {
  const { properties } = message;
  const headers: Record<string, string> = { 'Message-ID': message.messageId, Time: String(message.time) };
  if (dialect.sendsTimestamp) headers['timestamp'] = String(message.time);
  if (message.replyTo !== null) {
    headers['reply-to'] = dialect.toReplyAddress(message.replyTo, properties.replyToStyle ?? 'stomp');
  }
  if (message.correlationId !== null) {
    headers[correlationHeader] = message.correlationId;
    headers[otherCorrelationHeader] = message.correlationId;
  } else if (message.replyTo !== null) {
    // A JMS service that copies JMSCorrelationID answers correctly without knowing this product.
    headers[correlationHeader] = message.messageId;
  }
  if (message.contentType !== null) headers['content-type'] = message.contentType;
  if (properties.fault === true) headers['Fault'] = 'true';
  for (const [property, name] of entries(textProperties)) {
    const value = properties[property];
    if (value !== undefined) headers[name] = value;
  }
  for (const [property, name] of entries(numberProperties)) {
    const value = properties[property];
    if (value !== undefined) headers[name] = String(value);
  }
  const forwarded: string[] = [];
  for (const [name, value] of Object.entries(message.applicationHeaders)) {
    if (!name.startsWith('x-')) {
      if (!isForwardableHeader(name)) continue;
      forwarded.push(name);
    }
    headers[name] = value;
  }
  // Names them, so that a retry of the message takes them along without copying what others added.
  if (forwarded.length > 0) headers[forwardHeader] = forwarded.join(',');
  refuseHarmful(headers, dialect);
  return headers;
}

function refuseHarmful(headers: StompHeaders, { name: broker, ownHeaders }: Dialect): void {
  const problems: Problem[] = [];
  for (const name in headers) {
    const problem =
      ownHeaders?.test(name) === true
        ? toProblem(name, headers[name], `a header that ${broker} does not keep for itself`)
        : headerProblem(name, headers[name] ?? '');
    if (problem !== undefined) problems.push(problem);
  }
  // A header that is too long by itself would be named twice.
  const together = problems.length === 0 ? headerBlockProblem(headers) : undefined;
  if (together !== undefined) problems.push(together);
  if (problems.length > 0) throw new ReplytoError('INVALID_ARGUMENT', { problems });
}

export interface ReceivedMessage {
  readonly headers: StompHeaders;
  readonly body: Uint8Array;
  /** Epoch milliseconds of the receipt, used where the sender gave no time. */
  readonly receivedAt: number;
}

/** Reads a MESSAGE. An optional header that makes no sense counts as absent: strangers write to our queues too. */
export function toMessage({ headers, body, receivedAt }: ReceivedMessage, dialect: Dialect): Message {
  const brokerId = dialect.brokerId(headers) ?? '';
  const messageId = firstMessageId(headers['Message-ID'], brokerId) ?? brokerId;
  const replyTo = readReplyTo(readable(headers, 'reply-to'), dialect);
  const correlationIds = [correlationHeader, otherCorrelationHeader]
    .map((name) => readable(headers, name))
    .filter((value) => value !== undefined);
  const [first, second] = correlationIds;
  // A request's own id in correlation-id is there for JMS services and correlates with nothing.
  const correlationId = first === undefined || (replyTo !== null && first === messageId) ? null : first;
  return {
    messageId,
    correlationId,
    replyTo,
    time: toInteger(headers['Time']) ?? toInteger(headers['timestamp']) ?? receivedAt,
    contentType: readable(headers, 'content-type') ?? null,
    body,
    properties: readProperties(
      headers,
      dialect,
      second !== undefined && second !== first ? second : undefined,
    ),
    applicationHeaders: readApplicationHeaders(headers),
  };
}

function readReplyTo(value: string | undefined, dialect: Dialect): Destination | null {
  return value === undefined ? null : dialect.fromAddress(value);
}

function readProperties(
  headers: StompHeaders,
  dialect: Dialect,
  other: string | undefined,
): MessageProperties {
  const properties: Record<string, string | number | boolean> = {};
  for (const [property, name] of entries(textProperties)) {
    const value = readable(headers, name);
    if (value !== undefined) properties[property] = value;
  }
  for (const [property, name] of entries(numberProperties)) {
    const value = toInteger(headers[name]);
    if (value !== undefined) properties[property] = value;
  }
  if (headers['Fault']?.toLowerCase() === 'true') properties['fault'] = true;
  // Sent on, it has to be the same again: the JMS client of Artemis takes a plain name for a topic.
  if (/^(?:queue|topic):\/\//u.test(headers['reply-to'] ?? '')) properties['replyToStyle'] = 'jms';
  if (other !== undefined) properties['otherCorrelationId'] = other;
  if (dialect.lengthTellsForm) properties['form'] = 'content-length' in headers ? 'bytes' : 'text';
  return properties;
}

function readApplicationHeaders(headers: StompHeaders): Record<string, string> {
  const found: Record<string, string> = {};
  const forwarded = new Set(headers[forwardHeader]?.split(','));
  for (const [name, value] of Object.entries(headers)) {
    const lowered = name.toLowerCase();
    const travels = lowered.startsWith('x-') || (forwarded.has(lowered) && isForwardableHeader(lowered));
    if (travels && headerProblem(lowered, value) === undefined) found[lowered] = value;
  }
  return found;
}

function firstMessageId(...candidates: readonly (string | undefined)[]): string | undefined {
  return candidates.find((candidate) => candidate !== undefined && isMessageId(candidate));
}

/** A value that may be sent on; strangers write what would not survive the way. */
function readable(headers: StompHeaders, name: string): string | undefined {
  const value = headers[name];
  return isGiven(value) && headerProblem(name, value) === undefined ? value : undefined;
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function toInteger(value: string | undefined): number | undefined {
  if (value === undefined || !/^-?\d{1,15}$/u.test(value)) return undefined;
  return Number(value);
}

function entries<K extends string, V>(record: Readonly<Record<K, V>>): [K, V][] {
  return Object.entries(record) as [K, V][];
}
