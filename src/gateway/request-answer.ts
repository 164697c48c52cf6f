/**
 * `POST /requests/{id}/reply`: the service's own answer over HTTP, for a request that it got from the broker. The
 * `Reply-Token` that came with the request says that it may.
 */
import type { Express, Request, Response } from 'express';
import { ReplytoError, toProblem } from '#core/errors.js';
import { isVisibleTo } from '#core/request.js';
import type { IncomingReply } from '#core/request.js';
import { fingerprint } from '#messaging/digest.js';
import { sendStatus } from './answers.js';
import type { GatewayContext } from './context.js';
import { traceOf } from './call-tracing.js';
import { readGivenReply } from './given-reply.js';
import { readId, requestNotFound } from './known-request.js';
import { readQuery } from './parameters.js';
import { principalOf } from './principal.js';

/** All are kept until the request is swept: whoever holds a token must not fill the store with it. */
const mostReplies = 100;

function missingToken(): ReplytoError {
  const allowed = 'the one that came with the request; this call has none';
  return new ReplytoError('REPLY_TOKEN_WRONG', { problems: [toProblem('Reply-Token', undefined, allowed)] });
}

export function addRequestAnswer(app: Express, context: GatewayContext): void {
  const { settlement, configuration, clock } = context;

  app.post('/requests/:id/reply', async (request: Request<{ id: string }>, response: Response) => {
    readQuery(request, []);
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const id = readId(request);
    const token = request.headers['reply-token'];
    // Before anything is said about the request: whoever has no token learns nothing of it.
    if (typeof token !== 'string') throw missingToken();
    if (!context.isReplyToken(id, token)) throw new ReplytoError('REPLY_TOKEN_WRONG');
    const given = await readGivenReply(request, response, configuration.http.maxBodyBytes);
    if (given === null) return;
    const { contentType, body, fault, requestDigest, applicationHeaders } = given;
    // Whoever copies the headers of the request sends its id too, which names no reply.
    const messageId = given.messageId === id ? null : given.messageId;
    const reply: IncomingReply = {
      correlationIds: [id],
      replyId: messageId ?? fingerprint([id, contentType, body]),
      messageId,
      time: given.time ?? clock.now(),
      contentType,
      body,
      properties: {
        ...traceOf(response),
        ...(fault === null ? {} : { fault: true }),
        ...(requestDigest === undefined ? {} : { requestDigest }),
      },
      applicationHeaders,
      fault,
    };
    const outcome = await settlement.settle(reply, { mostReplies });
    if ('refused' in outcome) throw new ReplytoError('SCHEMA_MISMATCH', { detail: outcome.refused });
    if (outcome.kind === 'unmatched') throw requestNotFound(id);
    if (outcome.kind === 'full') {
      const detail = `${outcome.record.replies} replies are kept; from ${mostReplies} on no other one is taken over HTTP`;
      throw new ReplytoError('TOO_MANY_REPLIES', { detail, requestId: id });
    }
    if (outcome.kind === 'repeated') response.setHeader('Idempotent-Replayed', 'true');
    // The token is the right to answer, not to see what belongs to another name.
    if (isVisibleTo(principalOf(response).name, outcome.record)) sendStatus(response, 200, outcome.record);
    else response.status(204).end();
  });
}
