/** `/dead-letters` and `/unmatched-replies`: listing, looking, and dropping, one or all that a filter means. */
import type { Express, Request, Response } from 'express';
import type { ManyOutcome } from '#messaging/dead-letter-office.js';
import { sendContents, sendJson } from '../answers.js';
import type { GatewayContext } from '../context.js';
import { answerKnown } from '../etag.js';
import { readQuery } from '../parameters.js';
import { keyOf, deadLetterShelf, readLetter, unmatchedShelf } from './known-letter.js';
import type { LetterRequest, Shelf } from './known-letter.js';
import { contentTypeOf, etagOf, toLetterDocument, toLetterSummary } from './letter-documents.js';
import { readManyLetters, readPageFilter } from './letter-query.js';

export function addLetters(app: Express, context: GatewayContext): void {
  addShelf(app, context, { shelf: deadLetterShelf, member: 'deadLetters' });
  addShelf(app, context, { shelf: unmatchedShelf, member: 'unmatchedReplies' });
}

interface NamedShelf {
  readonly shelf: Shelf;
  /** Of the JSON of a list. */
  readonly member: 'deadLetters' | 'unmatchedReplies';
}

function addShelf(app: Express, context: GatewayContext, { shelf, member }: NamedShelf): void {
  const { deadLetters, office } = context;
  const { path } = shelf;

  app.get(path, async (request: Request, response: Response) => {
    const { letters, next } = await deadLetters.list(readPageFilter(context, request, response, shelf));
    if (next !== null) response.setHeader('Link', nextLink(request, path, { before: next }));
    response.setHeader('Cache-Control', 'no-store');
    sendJson(response, 200, { [member]: letters.map(toLetterSummary) });
  });

  app.delete(path, async (request: Request, response: Response) => {
    const which = readManyLetters(context, request, response, shelf);
    const outcome = await office.dropMany(which, () => response.destroyed || context.isStopping());
    if (response.destroyed) return;
    setNext(request, response, path, outcome);
    sendJson(response, 200, { dropped: outcome.done });
  });

  app.get(`${path}/:id`, async (request: LetterRequest, response: Response) => {
    readQuery(request, []);
    const letter = await readLetter(context, request, response, shelf);
    if (answerKnown(request, response, etagOf(letter))) return;
    sendJson(response, 200, toLetterDocument(letter));
  });

  app.get(`${path}/:id/body`, async (request: LetterRequest, response: Response) => {
    readQuery(request, []);
    const letter = await readLetter(context, request, response, shelf);
    if (answerKnown(request, response, etagOf(letter))) return;
    const { again, reply, body } = letter;
    const { properties = {} } = again?.message ?? reply ?? {};
    sendContents(response, { body, contentType: contentTypeOf(letter), properties }, undefined);
  });

  app.delete(`${path}/:id`, async (request: LetterRequest, response: Response) => {
    readQuery(request, []);
    const letter = await readLetter(context, request, response, shelf);
    await office.drop(keyOf(request, letter));
    response.status(204).end();
  });
}

/** How a change of many is gone on with, in the same words. */
export function setNext(request: Request, response: Response, path: string, { next }: ManyOutcome): void {
  response.setHeader('Cache-Control', 'no-store');
  if (next !== null) response.setHeader('Link', nextLink(request, path, next));
}

function nextLink(request: Request, path: string, cursor: Readonly<Record<string, number>>): string {
  const query = new URLSearchParams(request.query as Record<string, string>);
  for (const [name, value] of Object.entries(cursor)) query.set(name, String(value));
  return `<${path}?${query.toString()}>; rel="next"`;
}
