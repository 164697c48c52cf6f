/** What whoever leased a message does with it: acknowledge, reply, renew, release. */
import type { Express, Request, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import type { LeaseKey } from '#core/ports/leases.js';
import type { GatewayContext } from '../context.js';
import { checkDestination } from '../destination-check.js';
import { readGivenReply } from '../given-reply.js';
import { readQuery } from '../parameters.js';
import { readerOf } from '../principal.js';
import { readLeaseMs } from './queue-messages.js';

type LeaseRequest = Request<{ queue: string; lease: string }>;

export function addQueueLeases(app: Express, context: GatewayContext): void {
  const { leasing, own, configuration } = context;
  const path = '/queues/:queue/messages/:lease';

  function keyOf(request: LeaseRequest, response: Response): LeaseKey {
    readQuery(request, []);
    const { queue, lease } = request.params;
    checkDestination(own, 'queue', queue, configuration.allow.read);
    const { name: holder } = readerOf(response, queue);
    // What is no name of a lease is known to nobody, and stores need not bear it.
    if (!/^[\w-]{1,64}$/u.test(lease)) {
      throw new ReplytoError('LEASE_NOT_FOUND', { detail: `no lease of ${queue} has such a name` });
    }
    return { queue, id: lease, holder };
  }

  app.delete(path, async (request: LeaseRequest, response: Response) => {
    await leasing.acknowledge(keyOf(request, response));
    response.status(204).end();
  });

  app.post(`${path}/reply`, async (request: LeaseRequest, response: Response) => {
    const key = keyOf(request, response);
    const maxBytes = configuration.http.maxBodyBytes;
    const given = await readGivenReply(request, response, maxBytes);
    if (given === null) return;
    const { messageId, repeated } = await leasing.reply(key, given);
    if (repeated) response.setHeader('Idempotent-Replayed', 'true');
    if (messageId !== null) response.setHeader('Message-ID', messageId);
    response.status(202).end();
  });

  app.post(`${path}/renew`, async (request: LeaseRequest, response: Response) => {
    const leaseMs = readLeaseMs(request) ?? configuration.queues.leaseMs;
    const { expiresAt } = await leasing.renew(keyOf(request, response), leaseMs);
    response.setHeader('Lease-Expires', String(expiresAt));
    response.status(204).end();
  });

  app.post(`${path}/release`, async (request: LeaseRequest, response: Response) => {
    await leasing.release(keyOf(request, response));
    response.status(204).end();
  });
}
