import type { Request, Response } from 'express';

/** Whether `If-None-Match` (RFC 9110, 13.1.2) names this version: a list, weak or not, or `*`. */
export function matchesEtag(header: string, etag: string): boolean {
  return header
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//u, ''))
    .some((tag) => tag === '*' || tag === etag);
}

/** Says which version the document has that is asked for. True: the caller has it, and was told so; nothing else is to be sent. */
export function answerKnown(request: Request, response: Response, etag: string): boolean {
  const known = request.headers['if-none-match'];
  response.setHeader('ETag', etag);
  response.setHeader('Cache-Control', 'no-cache');
  if (known === undefined || !matchesEtag(known, etag)) return false;
  response.status(304).end();
  return true;
}
