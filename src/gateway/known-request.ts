import type { Request, Response } from 'express';
import { ReplytoError, isProblem } from '#core/errors.js';
import { isMessageId } from '#core/message.js';
import type { RequestRecord } from '#core/request.js';
import { isVisibleTo } from '#core/request.js';
import type { Preference } from './prefer.js';
import { parsePrefer } from './prefer.js';
import { principalOf } from './principal.js';

export function requestNotFound(id: string): ReplytoError {
  return new ReplytoError('REQUEST_NOT_FOUND', {
    detail: `no request with the id '${id.slice(0, 255)}' is kept here: it was never accepted, its retention is over, or it belongs to another name`,
  });
}

/**
 * The id in the path. What no id can be is known to nobody, and stores need not bear it.
 *
 * @throws REQUEST_NOT_FOUND
 */
export function readId({ params: { id } }: Request<{ id: string }>): string {
  if (!isMessageId(id)) throw requestNotFound(id);
  return id;
}

/**
 * The record, as the caller of this response may see it.
 *
 * @throws REQUEST_NOT_FOUND also when it is somebody else's: nobody learns which ids others use
 */
export function visible(response: Response, id: string, record: RequestRecord | null): RequestRecord {
  if (record === null || !isVisibleTo(principalOf(response).name, record)) throw requestNotFound(id);
  return record;
}

/** @throws INVALID_REQUEST */
export function readPrefer(request: Request): Preference {
  const header = request.headers['prefer'];
  const prefer = parsePrefer(Array.isArray(header) ? header.join(',') : header);
  if (isProblem(prefer)) throw new ReplytoError('INVALID_REQUEST', { problems: [prefer] });
  return prefer;
}
