import { ApiError } from './api.js';

/** With these something before the gateway says that another time the answer may be another one. */
const passingStatuses = [408, 425, 429];

/**
 * What the page knows of a feed that failed: the gateway refused it for good, or it is lost and tried again.
 *
 * @param {{ phase: string, error: ApiError | undefined }} feed
 * @param {unknown} error
 * @param {{ isOpen: boolean }} stream while it is open, nothing is lost by a call beside it that fails
 * @returns {boolean} whether it was refused
 */
export function tellFailure(feed, error, { isOpen }) {
  const isRefusal =
    error instanceof ApiError &&
    error.status >= 400 &&
    error.status < 500 &&
    !passingStatuses.includes(error.status);
  feed.error = isRefusal ? error : undefined;
  if (isRefusal) feed.phase = 'refused';
  else if (!isOpen) feed.phase = 'lost';
  return isRefusal;
}
