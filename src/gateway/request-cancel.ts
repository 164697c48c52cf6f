/** `DELETE /requests/{id}`: nobody waits for it any more; services hear of it on the control topic. */
import type { Express, Request, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { sendStatus } from './answers.js';
import type { GatewayContext } from './context.js';
import { readId, requestNotFound } from './known-request.js';
import { readQuery } from './parameters.js';
import { principalOf } from './principal.js';

export function addRequestCancel(app: Express, { requestor, announceCancel }: GatewayContext): void {
  app.delete('/requests/:id', async (request: Request<{ id: string }>, response: Response) => {
    readQuery(request, []);
    const id = readId(request);
    const outcome = await requestor.cancel(id, principalOf(response).name);
    if (outcome === null) throw requestNotFound(id);
    const { record, changed } = outcome;
    if (record.status !== 'cancelled') {
      const detail = `the request is ${record.status}; only an open one can be cancelled`;
      throw new ReplytoError('REQUEST_ENDED', { detail, requestId: id });
    }
    if (changed) announceCancel(id);
    sendStatus(response, 200, record);
  });
}
