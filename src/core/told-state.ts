import type { RequestState } from './request.js';
import { isRequestState } from './request.js';
import type { StatusEvent, StatusEventKind } from './status-event.js';

/** The kind of the event by which the gateway itself tells that a request came into a state. */
export const kindsOfStates: Readonly<Record<RequestState, StatusEventKind>> = {
  accepted: 'log',
  sent: 'log',
  replied: 'success',
  faulted: 'failure',
  expired: 'failure',
  cancelled: 'user-action',
  completed: 'success',
};

/**
 * The state of its subject that an event may tell: it stands alone in the data, in an event of its kind. Services write what
 * they like into data, orders have states too: it counts only where the subject is known to be a request, or is `accepted`.
 */
export function toldState({
  kind,
  percent,
  data,
}: Pick<StatusEvent, 'kind' | 'percent' | 'data'>): RequestState | undefined {
  if (percent !== undefined || typeof data !== 'object' || data === null) return undefined;
  const { status, ...others } = data as { readonly status?: unknown };
  if (Object.keys(others).length > 0 || typeof status !== 'string' || !isRequestState(status))
    return undefined;
  return kindsOfStates[status] === kind ? status : undefined;
}
