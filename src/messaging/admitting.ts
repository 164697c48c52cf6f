/** Whether new requests may come in. */
import type { ReplytoError } from '#core/errors.js';
import { toReplytoError } from '#core/errors.js';
import type { RequestStore } from '#core/ports/request-store.js';
import type { NewRequest } from '#core/request.js';
import type { Admission } from './admission.js';

export interface Gate {
  readonly admission: Pick<Admission, 'check' | 'countAgain' | 'refused'>;
  readonly store: Pick<RequestStore, 'find'>;
}

/**
 * The limits are for new requests: whoever repeats a post may learn what became of it.
 *
 * @param children what would come in with it; default none
 * @throws TOO_MANY_PENDING, OUTBOX_FULL
 */
export async function admit(
  { admission, store }: Gate,
  request: NewRequest,
  children?: readonly NewRequest[],
): Promise<void> {
  const limit = limitReached();
  if (limit === null) return;
  if ((await admission.countAgain()) && limitReached() === null) return;
  if ((await store.find(request.id)) === null) throw limit;

  function limitReached(): ReplytoError | null {
    try {
      admission.check(request, children);
      return null;
    } catch (error) {
      return toReplytoError(error);
    }
  }
}

/** Says of a store that is away how long it may stay so. */
export async function kept<T>({ admission }: Pick<Gate, 'admission'>, keeping: Promise<T>): Promise<T> {
  try {
    return await keeping;
  } catch (error) {
    throw admission.refused(error);
  }
}
