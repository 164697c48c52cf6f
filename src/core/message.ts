import type { Destination } from './destination.js';
import type { Problem } from './errors.js';
import { toProblem } from './errors.js';

/**
 * The message: five fields, everything else is optional. A request has a reply address and a null
 * correlation id; a reply has no reply address and the request's message id as its correlation id.
 */
export interface Message {
  /** 1-255 visible ASCII characters, see {@link messageIdProblem}. */
  readonly messageId: string;
  readonly correlationId: string | null;
  readonly replyTo: Destination | null;
  /** Epoch milliseconds at the sender; carried on, never trusted for deadlines. */
  readonly time: number;
  readonly contentType: string | null;
  readonly body: Uint8Array;
  readonly properties: MessageProperties;
  /** Application headers: lower-case names that begin with `x-`, and those that a route forwards. */
  readonly applicationHeaders: Readonly<Record<string, string>>;
}

/** A whole message but its body. */
export type MessageBlock = Omit<Message, 'body'>;

export function toMessageBlock(message: Message): MessageBlock {
  const { messageId, correlationId, replyTo, time, contentType, properties, applicationHeaders } = message;
  return { messageId, correlationId, replyTo, time, contentType, properties, applicationHeaders };
}

/** Who is to read a reply address: STOMP clients, or JMS clients, where one text does not serve both. */
export const replyToStyles = ['stomp', 'jms'] as const;
export type ReplyToStyle = (typeof replyToStyles)[number];

/** What the product itself says about a message. The STOMP names stand in adapters/stomp/headers.ts. */
export interface MessageProperties {
  /** The `Correl-ID` an HTTP caller gave; carried on, never used for matching. */
  readonly conversationId?: string;
  /** On a reply: a second correlation id that differs from the first; the one that is known wins. */
  readonly otherCorrelationId?: string;
  /** How the broker typed the body, where it says so. */
  readonly form?: 'text' | 'bytes';
  /** How its reply address is written; default `stomp`. No header of its own. */
  readonly replyToStyle?: ReplyToStyle;
  readonly project?: string;
  /** Of a published status event: its number in its project, what it is about, and its kind. */
  readonly sequence?: number;
  readonly subject?: string;
  readonly eventKind?: string;
  /** Milliseconds left at this send. */
  readonly deadlineMs?: number;
  /** Absolute deadline, epoch milliseconds. */
  readonly expiresAt?: number;
  /** 1, 2, ... raised by a service's own retry. */
  readonly attempt?: number;
  /** How often the gateway sent it again. */
  readonly resend?: number;
  readonly fault?: boolean;
  /** `name@version` of the body's schema. */
  readonly schema?: string;
  /** Identity of the store that holds the request. */
  readonly storeId?: string;
  readonly replyToken?: string;
  /** RFC 9530 digest of this body: `sha-256=:base64:`. */
  readonly contentDigest?: string;
  /** On a reply: the digest of the request's body as the service saw it. */
  readonly requestDigest?: string;
  /** 0-9, default 4. */
  readonly priority?: number;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly baggage?: string;
}

/** Far beyond what anybody counts to, and far below what a header of digits can say. */
const mostAttempts = 1_000_000_000;

/**
 * How often a service was given it, from 1 to 1,000,000,000. Strangers write any number: one that no message begins with
 * is as good as none, and one that is too large stays so.
 */
export function attemptOf({ properties: { attempt = 1 } }: Pick<Message, 'properties'>): number {
  return Math.min(Math.max(attempt, 1), mostAttempts);
}

/** The same message once more, for another attempt; its deadline is made anew. */
export function nextAttempt(message: Message, now: number): Message {
  const { expiresAt } = message.properties;
  const deadline = expiresAt === undefined ? {} : { deadlineMs: Math.max(0, expiresAt - now) };
  const attempt = Math.min(attemptOf(message) + 1, mostAttempts);
  return { ...message, properties: { ...message.properties, ...deadline, attempt } };
}

const ofOneAttempt: ReadonlySet<string> = new Set(['attempt', 'deadlineMs', 'expiresAt']);

/**
 * The same message as it is sent after a person has looked at it: a service counts its attempts anew, and a deadline that
 * has passed does not keep it from the work.
 */
export function firstAttempt(message: Message, now: number): Message {
  const { expiresAt } = message.properties;
  const lasting = Object.entries(message.properties).filter(([name]) => !ofOneAttempt.has(name));
  const isOpen = expiresAt !== undefined && expiresAt > now;
  const deadline = isOpen ? { expiresAt, deadlineMs: expiresAt - now } : {};
  return { ...message, properties: { ...Object.fromEntries(lasting), ...deadline } };
}

const messageIdPattern = /^(?!\.{1,2}$)[!-~]{1,255}$/u;
const messageIdAllowed = '1-255 visible ASCII characters without / \\ % ? #, not . or ..';

export function isMessageId(text: string): boolean {
  return messageIdPattern.test(text) && !/[/\\%?#]/u.test(text);
}

export function messageIdProblem(field: string, text: string): Problem | undefined {
  return isMessageId(text) ? undefined : toProblem(field, text, messageIdAllowed);
}
