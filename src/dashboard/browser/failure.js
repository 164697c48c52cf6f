import { ApiError } from './api.js';

/**
 * What the page knows of a feed that failed: the gateway refused it for good, or it is lost and tried again.
 *
 * @param {{ phase: string, error: ApiError | undefined }} feed
 * @param {unknown} error
 * @returns {boolean} whether it was refused
 */
export function tellFailure(feed, error) {
  const isRefusal = error instanceof ApiError && error.status >= 400 && error.status < 500;
  feed.error = isRefusal ? error : undefined;
  feed.phase = isRefusal ? 'refused' : 'lost';
  return isRefusal;
}
