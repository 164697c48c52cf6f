/** `GET` and `POST /requests/{id}/deliveries`: where the reply goes besides its caller, also after the fact. */
import type { Express, Request, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import type { DeliveryRecord } from '#core/ports/outbox.js';
import type { DeliveryDocument } from '#schema/delivery.js';
import { parseWantedDelivery } from '#schema/delivery.js';
import { sendJson, toInstant, toInstantOrNull } from './answers.js';
import { readBody } from './body.js';
import type { GatewayContext } from './context.js';
import { checkReplyTo, isAddress } from './destination-check.js';
import { readId, requestNotFound, visible } from './known-request.js';
import { readQuery } from './parameters.js';
import { principalOf } from './principal.js';

type RequestCall = Request<{ id: string }>;

const mostBytes = 65_536;

export function addRequestDeliveries(app: Express, context: GatewayContext): void {
  const { store, deliveries } = context;

  app.get('/requests/:id/deliveries', async (request: RequestCall, response: Response) => {
    readQuery(request, []);
    const id = readId(request);
    visible(response, id, await store.find(id));
    const found = await deliveries.of(id);
    if (found === null) throw requestNotFound(id);
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, { deliveries: found.map(toDeliveryDocument) });
  });

  app.post('/requests/:id/deliveries', async (request: RequestCall, response: Response) => {
    readQuery(request, []);
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const id = readId(request);
    visible(response, id, await store.find(id));
    const json = await readBody(request, response, { maxBytes: mostBytes });
    // Refused while its body was coming, because the gateway stops.
    if (response.headersSent) return;
    const parsed = parseWantedDelivery(json);
    if (!parsed.ok) throw new ReplytoError('SCHEMA_MISMATCH', { problems: parsed.problems });
    const { to: queue, n: replyNumber = 1 } = parsed.value;
    if (isAddress(queue)) {
      const allowed = 'the name of a queue; addresses of callbacks are not served yet';
      throw new ReplytoError('INVALID_REQUEST', { problems: [toProblem('to', queue, allowed)] });
    }
    checkReplyTo(context, principalOf(response), { field: 'to', name: queue });
    const outcome = await deliveries.add({ requestId: id, queue, replyNumber });
    if (outcome === null) throw requestNotFound(id);
    if (!outcome.added) response.setHeader('Idempotent-Replayed', 'true');
    sendJson(response, 202, toDeliveryDocument(outcome.delivery));
  });
}

function toDeliveryDocument(delivery: DeliveryRecord): DeliveryDocument {
  const { queue, state, replyNumber, attempts, lastError } = delivery;
  return {
    to: queue,
    state,
    reply: replyNumber,
    attempts,
    lastError,
    createdAt: toInstant(delivery.createdAt),
    endedAt: toInstantOrNull(delivery.endedAt),
  };
}
