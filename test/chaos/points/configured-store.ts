/** Stands before the module of the same name: the store with fault points around its commits. */
import { openConfiguredStore as open } from '../../../src/app/configured-store.js';
import type { Store } from '#adapters/store/store.js';
import type { Outbox } from '#core/ports/outbox.js';
import type { RequestStore } from '#core/ports/request-store.js';
import { passPoint } from './crash-point.js';

export async function openConfiguredStore(...given: Parameters<typeof open>): Promise<Store> {
  const store = await open(...given);
  return { ...store, requests: withPoints(store.requests), outbox: withForwardPoints(store.outbox) };
}

function withPoints(requests: RequestStore): RequestStore {
  return {
    ...requests,
    async accept(request, options) {
      const outcome = await requests.accept(request, options);
      if (outcome.kind === 'created') passPoint('accepted', request.id);
      return outcome;
    },
    async settle(reply, options) {
      const [requestId = ''] = reply.correlationIds;
      passPoint('reply-received', requestId);
      const outcome = await requests.settle(reply, options);
      if (outcome.kind === 'settled') passPoint('reply-committed', requestId);
      return outcome;
    },
  };
}

function withForwardPoints(outbox: Outbox): Outbox {
  /** By the id of the delivery; those that are finished go. */
  const requests = new Map<number, string>();
  return {
    ...outbox,
    async claimDue(claim) {
      const claimed = await outbox.claimDue(claim);
      for (const { id, requestId } of claimed) {
        requests.set(id, requestId);
        passPoint('forward-claimed', requestId);
      }
      return claimed;
    },
    async finish(id, owner, result) {
      if (result.kind === 'delivered') passPoint('forwarded', requests.get(id) ?? '');
      requests.delete(id);
      await outbox.finish(id, owner, result);
    },
  };
}
