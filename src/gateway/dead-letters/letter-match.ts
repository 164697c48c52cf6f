/** `POST /unmatched-replies/{id}/match`: somebody names the request that a reply is for. */
import type { Express, Response } from 'express';
import { ReplytoError } from '#core/errors.js';
import { letterProblem } from '#messaging/dead-letter-office.js';
import { parseMatch } from '#schema/letter.js';
import { sendStatus } from '../answers.js';
import { readBody } from '../body.js';
import type { GatewayContext } from '../context.js';
import { requestNotFound, visible } from '../known-request.js';
import { readQuery } from '../parameters.js';
import { readLetter, unmatchedShelf } from './known-letter.js';
import type { LetterRequest } from './known-letter.js';

const mostBytes = 65_536;

export function addLetterMatch(app: Express, context: GatewayContext): void {
  const { settlement, store } = context;

  app.post(`${unmatchedShelf.path}/:id/match`, async (request: LetterRequest, response: Response) => {
    readQuery(request, []);
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const letter = await readLetter(context, request, response, unmatchedShelf);
    const json = await readBody(request, response, { maxBytes: mostBytes });
    // Refused while its body was coming, because the gateway stops.
    if (response.headersSent) return;
    const parsed = parseMatch(json);
    if (!parsed.ok) throw new ReplytoError('SCHEMA_MISMATCH', { problems: parsed.problems });
    const { requestId } = parsed.value;
    visible(response, requestId, await store.find(requestId));
    const outcome = await settlement.match(letter.number, requestId);
    if ('refused' in outcome) throw new ReplytoError('SCHEMA_MISMATCH', { detail: outcome.refused });
    switch (outcome.kind) {
      case 'unknown':
      case 'changed':
      case 'incomplete':
        throw letterProblem(outcome.kind, letter.number);
      case 'no-request':
        throw requestNotFound(requestId);
      case 'repeated':
        response.setHeader('Idempotent-Replayed', 'true');
        break;
      default:
    }
    sendStatus(response, 200, outcome.record);
  });
}
