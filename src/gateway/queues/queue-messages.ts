/** `GET /queues/{queue}/messages`: the next message of a queue, leased to whoever asks. */
import type { Express, NextFunction, Request, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import type { Lease } from '#core/lease.js';
import { attemptOf } from '#core/message.js';
import type { MessageProperties } from '#core/message.js';
import { longestLeaseMs } from '#schema/configuration.js';
import { sendContents, setApplicationHeaders } from '../answers.js';
import { isThereInTurn } from '../connection/connection-waits.js';
import type { GatewayContext } from '../context.js';
import { checkDestination } from '../destination-check.js';
import { toHttpHeader } from '../header-encoding.js';
import { readPrefer } from '../known-request.js';
import { readInteger, readQuery } from '../parameters.js';
import { readerOf } from '../principal.js';
import type { Waiting } from '../waiting.js';

export function addQueueMessages(app: Express, context: GatewayContext, waiting: Waiting): void {
  const { leasing, own, configuration, routes } = context;
  const path = '/queues/:queue/messages';

  app.get(path, async (request: Request<{ queue: string }>, response: Response, next: NextFunction) => {
    // Express takes HEAD for GET, and a read takes the message away.
    if (request.method === 'HEAD') {
      next();
      return;
    }
    readQuery(request, []);
    const { queue } = request.params;
    checkDestination(own, 'queue', queue, configuration.allow.read);
    const { name: holder } = readerOf(response, queue);
    const leaseMs = readLeaseMs(request) ?? configuration.queues.leaseMs;
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const prefer = readPrefer(request);
    response.setHeader('Cache-Control', 'no-store');
    // Behind another answer nobody could take the message, nor tell that its reader has gone.
    if (!(await isThereInTurn(response))) return;
    const lease = await waiting.run(response, { prefer, defaultMs: 0, looksFirst: true }, (limits) =>
      leasing.receive(queue, { ...limits, holder, leaseMs }),
    );
    if (lease === null) {
      if (!response.destroyed) response.status(204).end();
      return;
    }
    const abandon = (): void => void leasing.abandon({ queue, holder, id: lease.id });
    if (response.destroyed) {
      abandon();
      return;
    }
    response.once('close', () => {
      if (!response.writableFinished) abandon();
    });
    sendLeased(response, lease, routes.forQueue(queue)?.contentType);
  });
}

/** `Lease-Seconds`, in milliseconds. @throws INVALID_REQUEST */
export function readLeaseMs(request: Request): number | undefined {
  const given = request.headers['lease-seconds'];
  if (given === undefined) return undefined;
  const max = longestLeaseMs / 1_000;
  return readInteger('Lease-Seconds', String(given), { min: 1, max, absent: 1 }) * 1_000;
}

/** Properties that a service may want, by the header that carries them. */
const shownProperties = {
  conversationId: 'Conversation-ID',
  project: 'Project',
  schema: 'Schema',
  replyToken: 'Reply-Token',
  contentDigest: 'Content-Digest',
  expiresAt: 'Expires-At',
  resend: 'Resend',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  baggage: 'baggage',
} as const satisfies Partial<Record<keyof MessageProperties, string>>;

function sendLeased(response: Response, lease: Lease, defaultContentType: string | undefined): void {
  const { message } = lease;
  const { properties } = message;
  setApplicationHeaders(response, message.applicationHeaders);
  const headers: Record<string, string | number | undefined> = {
    'Message-ID': message.messageId,
    'Correl-ID': message.correlationId ?? undefined,
    'Reply-To': message.replyTo?.name,
    Time: message.time,
    Attempt: attemptOf(message),
    Fault: properties.fault === true ? 'true' : undefined,
    Lease: lease.id,
    'Lease-Expires': lease.expiresAt,
    'Content-Location': leasePath(lease),
  };
  for (const [property, name] of Object.entries(shownProperties)) {
    headers[name] = properties[property as keyof typeof shownProperties];
  }
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) response.setHeader(name, toHttpHeader(String(value)));
  }
  sendContents(response, message, defaultContentType);
}

function leasePath({ queue, id }: Lease): string {
  return `/queues/${encodeURIComponent(queue)}/messages/${id}`;
}
