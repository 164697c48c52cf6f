/** Which headers of a call go with its message, and how many of them a message can carry. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Problem } from '#core/errors.js';
import { toProblem } from '#core/errors.js';
import { headerProblem, wireBytes } from '#core/header-text.js';
import type { MessageProperties } from '#core/message.js';
import { fromHttpHeader } from './header-encoding.js';

/**
 * What a message may carry. A broker ends the connection at a frame beyond its limits, and the same message would
 * end it again and again: ActiveMQ Classic at a line of 10 KiB, the embedded broker at 200 headers or 64 KiB of them.
 */
const mostApplicationHeaders = 100;
/** A value takes up to 8 KiB of its line. */
const longestName = 1_024;
/** All headers of a message, far enough below 64 KiB for what brokers and services add. */
const messageHeaderBytes = 49_152;
/** The longest that the product writes itself: ids, addresses, digest, token, deadlines, what a broker is asked for. */
const ownHeaderBytes = 4_096;
const mostTravellingBytes = messageHeaderBytes - ownHeaderBytes;

/** What proxies say to each other about the connection says nothing about the message. */
const neverForwarded =
  /^(?:x-forwarded-.*|x-real-ip|x-accel-.*|x-sendfile|x-lighttpd-send-file|x-litespeed-location|x-reproxy-.*)$/u;

/** Whether a header may go from a call into its message, or from a reply into its answer. */
export function mayTravel(name: string): boolean {
  return !neverForwarded.test(name);
}

/** Why a header cannot travel, whoever gives it. */
export function applicationHeaderProblem(name: string, value: string): Problem | undefined {
  return nameProblem(name) ?? headerProblem(name, value);
}

function nameProblem(name: string): Problem | undefined {
  if (name.length <= longestName) return undefined;
  const allowed = `a name of at most ${longestName} bytes`;
  return toProblem(`header ${name.slice(0, 100)}`, `${name.length} bytes`, allowed);
}

/** What no broker would take, although each of the headers alone may travel. */
export function togetherProblem(
  applicationHeaders: Readonly<Record<string, string>>,
  contentType: string | undefined,
  properties: MessageProperties,
): Problem | undefined {
  const names = Object.keys(applicationHeaders);
  if (names.length > mostApplicationHeaders) {
    const allowed = `at most ${mostApplicationHeaders} headers that travel with the message`;
    return toProblem('X- headers', names.length, allowed);
  }
  // The message names those that are no `X-` headers in one more header.
  const forwarded = names.filter((name) => !name.startsWith('x-')).join(',');
  const tooMany = headerProblem('Forward-Headers', forwarded);
  if (tooMany !== undefined) return { ...tooMany, field: 'names of the forwarded headers' };
  const { conversationId, project, traceparent, tracestate, baggage } = properties;
  const travelling: Readonly<Record<string, string | undefined>> = {
    ...applicationHeaders,
    ...{
      'forward-headers': forwarded || undefined,
      'content-type': contentType,
      'correl-id': conversationId,
    },
    ...{ project, traceparent, tracestate, baggage },
  };
  let bytes = 0;
  for (const [name, value] of Object.entries(travelling)) {
    if (value !== undefined) bytes += wireBytes(name) + wireBytes(value);
  }
  if (bytes <= mostTravellingBytes) return undefined;
  const allowed = `at most ${mostTravellingBytes} bytes altogether of those that travel with the message, names included, of which a colon takes two`;
  return toProblem('headers', `${bytes} bytes`, allowed);
}

export function readApplicationHeaders(
  headers: IncomingHttpHeaders,
  forwardHeaders: readonly string[],
  problems: Problem[],
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string' || !mayTravel(name)) continue;
    if (!name.startsWith('x-') && !forwardHeaders.includes(name)) continue;
    const decoded = fromHttpHeader(value);
    const problem = applicationHeaderProblem(name, decoded);
    if (problem === undefined) found[name] = decoded;
    else problems.push(problem);
  }
  return found;
}
