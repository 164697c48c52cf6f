/**
 * `POST /requests/{id}/reply`: the service's own answer over HTTP, for a request that it got from the broker. The
 * `Reply-Token` that came with the request says that it may.
 */
import type { Express, Request, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { isVisibleTo } from '#core/request.js';
import { fingerprint } from '#messaging/digest.js';
import { sendStatus } from './answers.js';
import type { GatewayContext } from './context.js';
import { readGivenReply } from './given-reply.js';
import { readId, requestNotFound } from './known-request.js';
import { readQuery } from './parameters.js';
import { principalOf } from './principal.js';

export function addRequestAnswer(app: Express, context: GatewayContext): void {
  const { settlement, own, configuration, clock } = context;

  app.post('/requests/:id/reply', async (request: Request<{ id: string }>, response: Response) => {
    readQuery(request, []);
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const id = readId(request);
    const token = request.headers['reply-token'];
    // Before anything is said about the request: whoever has no token learns nothing of it.
    if (typeof token !== 'string' || !context.isReplyToken(id, token))
      throw new ReplytoError('REPLY_TOKEN_WRONG');
    const given = await readGivenReply(request, response, { own, maxBytes: configuration.http.maxBodyBytes });
    if (given === null) return;
    const { contentType, body, fault, requestDigest, applicationHeaders } = given;
    // Whoever copies the headers of the request sends its id too, which names no reply.
    const messageId = given.messageId === id ? null : given.messageId;
    const outcome = await settlement.settle({
      correlationIds: [id],
      replyId: messageId ?? fingerprint([id, contentType, body]),
      messageId,
      time: given.time ?? clock.now(),
      contentType,
      body,
      properties: {
        ...(fault === null ? {} : { fault: true }),
        ...(requestDigest === undefined ? {} : { requestDigest }),
      },
      applicationHeaders,
      fault,
    });
    if ('refused' in outcome) throw new ReplytoError('SCHEMA_MISMATCH', { detail: outcome.refused });
    if (outcome.kind === 'unmatched') throw requestNotFound(id);
    if (outcome.kind === 'repeated') response.setHeader('Idempotent-Replayed', 'true');
    // The token is the right to answer, not to see what belongs to another name.
    if (isVisibleTo(principalOf(response).name, outcome.record)) sendStatus(response, 200, outcome.record);
    else response.status(204).end();
  });
}
