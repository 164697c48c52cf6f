import { expect } from 'chai';
import type { ReplytoError } from '#core/errors.js';
import { isReplytoError } from '#core/errors.js';

/** The product's error that `work` throws; fails when it throws none or another. */
export function thrownBy(work: () => unknown): ReplytoError {
  try {
    work();
  } catch (error) {
    return toExpected(error);
  }
  return expect.fail('nothing was thrown');
}

/** What the promise rejects with; fails when it resolves. */
export async function rejectionOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('the promise resolved'),
    (error: unknown) => error,
  );
}

/** The product's error that the promise rejects with; fails when it resolves or rejects with another. */
export async function failureOf(promise: Promise<unknown>): Promise<ReplytoError> {
  return toExpected(await rejectionOf(promise));
}

function toExpected(error: unknown): ReplytoError {
  if (isReplytoError(error)) return error;
  throw error;
}
