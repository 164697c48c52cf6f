/** `POST /dead-letters/{id}/retry` and `POST /dead-letters/retry`: letters go where they came from, once more. */
import type { Express, Request, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { isMessageId } from '#core/message.js';
import { sendJson } from '../answers.js';
import type { GatewayContext } from '../context.js';
import { readQuery } from '../parameters.js';
import { deadLetterShelf, keyOf, readLetter } from './known-letter.js';
import type { LetterRequest } from './known-letter.js';
import { readManyLetters } from './letter-query.js';
import { setNext } from './letters.js';

export function addLetterRetry(app: Express, context: GatewayContext): void {
  const { office } = context;
  const path = `${deadLetterShelf.path}/retry`;

  app.post(path, async (request: Request, response: Response) => {
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const which = readManyLetters(context, request, response, deadLetterShelf);
    const outcome = await office.retryMany(which, () => response.destroyed || context.isStopping());
    if (response.destroyed) return;
    setNext(request, response, path, outcome);
    sendJson(response, 200, { retried: outcome.done, skipped: outcome.skipped });
  });

  app.post(`${deadLetterShelf.path}/:id/retry`, async (request: LetterRequest, response: Response) => {
    readQuery(request, []);
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const letter = await readLetter(context, request, response, deadLetterShelf);
    const { queue, messageId } = await office.retry(keyOf(request, letter));
    // A stranger's may be anything.
    if (messageId !== null && isMessageId(messageId)) response.setHeader('Message-ID', messageId);
    sendJson(response, 202, { queue, messageId });
  });
}
