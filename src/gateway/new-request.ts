/** How a call that asks becomes a request, and what its answer is: the same for one queue and for several. */
import type { Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import type { NewRequest } from '#core/request.js';
import type { TraceContext } from '#core/trace-context.js';
import { withTrace } from '#core/trace-context.js';
import { contentDigest, fingerprint } from '#messaging/digest.js';
import { nextRandomBytes } from '#messaging/random-bytes.js';
import type { Answer } from '#messaging/requestor.js';
import { bodyProblems } from '#schema/body-check.js';
import { sendReply, sendStatus, sendWithoutReply } from './answers.js';
import type { AskingHeaders } from './asking-headers.js';
import type { GatewayContext } from './context.js';
import { checkDestination } from './destination-check.js';
import type { Principal } from './principal.js';
import { refuseUnless } from './principal.js';
import type { ConfiguredRoute } from './route-table.js';

export type IdentifiedHeaders = AskingHeaders & { readonly messageId: string };

/** A queue that is asked, and the route that leads to it. */
export interface AskedQueue {
  readonly queue: string;
  readonly route: ConfiguredRoute | undefined;
}

/**
 * Whether this caller may ask the queue.
 *
 * @throws INVALID_REQUEST, DESTINATION_NOT_ALLOWED, NOT_PERMITTED
 */
export function checkAskedQueue(
  { own, configuration }: Pick<GatewayContext, 'own' | 'configuration'>,
  principal: Principal,
  { field, queue }: { readonly field: string; readonly queue: string },
): void {
  checkDestination(own, field, queue, configuration.allow.queues);
  refuseUnless(principal.mayAsk(queue), principal, { field, value: queue, right: 'ask this queue' });
}

/** @throws NOT_PERMITTED */
export function checkProject(principal: Principal, project: string | undefined): void {
  if (project === undefined) return;
  const right = 'use this project';
  refuseUnless(principal.mayUseProject(project), principal, { field: 'Project', value: project, right });
}

/** @throws SCHEMA_MISMATCH */
export function checkBody(
  { bodyChecks }: Pick<GatewayContext, 'bodyChecks'>,
  route: ConfiguredRoute | undefined,
  body: Buffer,
): void {
  const file = route?.schema?.request;
  const check = file === undefined ? undefined : bodyChecks.get(file);
  if (check === undefined) return;
  const problems = bodyProblems(check, body);
  if (problems.length > 0) throw new ReplytoError('SCHEMA_MISMATCH', { problems });
}

interface AskingCall {
  readonly headers: IdentifiedHeaders;
  readonly body: Buffer;
  readonly trace: TraceContext | undefined;
}

export function toNewRequest(
  { configuration, clock }: Pick<GatewayContext, 'configuration' | 'clock'>,
  { queue, route }: AskedQueue,
  { headers, body, trace }: AskingCall,
): Omit<NewRequest, 'postedBy'> {
  const { properties, replyTo, oneWay, contentType } = headers;
  // Null is a value here: it never expires.
  const timeoutMs = route?.timeoutMs === undefined ? configuration.requests.timeoutMs : route.timeoutMs;
  return {
    id: headers.messageId,
    queue,
    replyTo,
    oneWay,
    time: headers.time ?? clock.now(),
    contentType,
    body,
    properties: {
      ...(trace?.traceparent === undefined ? { traceparent: newTrace() } : {}),
      ...(route?.project === undefined ? {} : { project: route.project }),
      ...(route?.replyToStyle === 'jms' ? { replyToStyle: 'jms' } : {}),
      ...(trace === undefined ? properties : withTrace(properties, trace)),
      contentDigest: contentDigest(body),
    },
    applicationHeaders: headers.applicationHeaders,
    timeoutMs: headers.timeoutMs ?? timeoutMs,
    fingerprint: fingerprint([queue, replyTo, String(oneWay), body]),
    brokerExpiry: route?.brokerExpiry ?? false,
  };
}

export function sendAnswer(
  response: Response,
  { record, reply, joined }: Answer,
  route: ConfiguredRoute | undefined,
): void {
  if (joined) response.setHeader('Idempotent-Replayed', 'true');
  // Whatever comes to a request that expects no reply is kept for who asks for it.
  if (record.oneWay) sendStatus(response, 202, record);
  else if (reply !== null) sendReply(response, reply, route?.contentType);
  else sendWithoutReply(response, record);
}

/** W3C Trace Context: a caller without a trace begins one here, sampled, so that the request can be followed. */
export function newTrace(): string {
  const ids = nextRandomBytes(24).toString('hex');
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-01`;
}
