import { attemptOf } from '#core/message.js';
import type { Message } from '#core/message.js';
import type { Environment } from '../configuration/environment.js';

/**
 * A request as environment variables of the program that answers it (`replyto reply --exec`). What the request
 * does not have is not set.
 */
const variables: Readonly<Record<string, (request: Message) => string | number | null | undefined>> = {
  REPLYTO_MESSAGE_ID: ({ messageId }) => messageId,
  REPLYTO_CORREL_ID: ({ correlationId }) => correlationId,
  REPLYTO_REPLY_TO: ({ replyTo }) => replyTo?.name,
  REPLYTO_TIME: ({ time }) => time,
  REPLYTO_CONTENT_TYPE: ({ contentType }) => contentType,
  REPLYTO_ATTEMPT: attemptOf,
  REPLYTO_CONVERSATION_ID: ({ properties }) => properties.conversationId,
  REPLYTO_PROJECT: ({ properties }) => properties.project,
  REPLYTO_DEADLINE_MS: ({ properties }) => properties.deadlineMs,
  REPLYTO_EXPIRES_AT: ({ properties }) => properties.expiresAt,
  REPLYTO_TRACEPARENT: ({ properties }) => properties.traceparent,
};

const queueVariable = 'REPLYTO_QUEUE';
const headerVariable = 'REPLYTO_HEADER_';

/** `X-Tenant` becomes `REPLYTO_HEADER_X_TENANT`. */
export function messageVariables(queue: string, request: Message): Record<string, string> {
  const given: Record<string, string> = { [queueVariable]: queue };
  for (const [name, read] of Object.entries(variables)) {
    const value = read(request);
    if (value !== null && value !== undefined) given[name] = withoutNul(String(value));
  }
  for (const [name, value] of Object.entries(request.applicationHeaders)) {
    given[`${headerVariable}${name.toUpperCase().replaceAll(/[^A-Z0-9]/gu, '_')}`] = withoutNul(value);
  }
  return given;
}

/** No environment can hold it, and nobody is to stop a service by sending one. */
function withoutNul(text: string): string {
  return text.replaceAll('\0', '');
}

/** The names that a program of `--exec` sees begin like settings; a `replyto` that it starts must not take them for some. */
export function withoutMessageVariables(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(
      ([name]) => name !== queueVariable && !(name in variables) && !name.startsWith(headerVariable),
    ),
  );
}
