/** `GET /requests/{id}/reply`: the reply as it came, as often as it is asked for. */
import type { Express, Request, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import { mostReplies } from '#schema/delivery.js';
import { sendReply, sendWithoutReply } from './answers.js';
import type { GatewayContext } from './context.js';
import { readId, readPrefer, requestNotFound } from './known-request.js';
import { readInteger, readQuery } from './parameters.js';
import { principalOf } from './principal.js';
import type { Waiting } from './waiting.js';

export function addRequestReply(
  app: Express,
  { requestor, store, routes }: GatewayContext,
  waiting: Waiting,
): void {
  app.get('/requests/:id/reply', async (request: Request<{ id: string }>, response: Response) => {
    const id = readId(request);
    const { n } = readQuery(request, ['n']);
    const number = readInteger('?n', n, { min: 1, max: mostReplies, absent: 1 });
    const answer = await waiting.run(response, { prefer: readPrefer(request), defaultMs: 0 }, (wait) =>
      requestor.follow(id, wait, principalOf(response).name),
    );
    if (response.destroyed) return;
    if (answer === null) throw requestNotFound(id);
    const { record } = answer;
    const reply = number === 1 ? answer.reply : await store.findReply(id, number);
    response.setHeader('Cache-Control', 'no-cache');
    if (reply !== null) sendReply(response, reply, routes.forQueue(record.queue)?.contentType);
    else if (number === 1) sendWithoutReply(response, record);
    else {
      const allowed = record.replies === 0 ? 'no reply has come yet' : `1 to ${record.replies}`;
      throw new ReplytoError('INVALID_REQUEST', { problems: [toProblem('?n', n, allowed)], requestId: id });
    }
  });
}
