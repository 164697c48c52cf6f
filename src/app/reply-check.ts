import type { RequestStore } from '#core/ports/request-store.js';
import type { RequestRecord } from '#core/request.js';
import type { RouteTable } from '#gateway/route-table.js';
import type { ReplyCheck } from '#messaging/reply-settlement.js';
import { bodyProblems } from '#schema/body-check.js';
import type { LoadedConfiguration } from './configuration/load.js';

/**
 * Holds replies to the JSON Schema of the route whose queue was asked. Costs a look at the record, so it is
 * only there when a route has such a schema.
 */
export function createReplyCheck(
  routes: RouteTable,
  { configuration, bodyChecks }: LoadedConfiguration,
  store: RequestStore,
): ReplyCheck {
  const isNeeded = configuration.routes.some(({ schema }) => schema?.reply !== undefined);

  return async ({ correlationIds, fault, body }) => {
    if (!isNeeded || fault !== null) return null;
    const record = await firstKnown(store, correlationIds);
    const file = record === null ? undefined : routes.forQueue(record.queue)?.schema?.reply;
    const check = file === undefined ? undefined : bodyChecks.get(file);
    if (check === undefined) return null;
    const [first] = bodyProblems(check, body);
    return first === undefined
      ? null
      : `it breaks the JSON Schema of the route: ${first.field}: ${first.allowed}`;
  };
}

/** The one that the reply will settle. */
async function firstKnown(store: RequestStore, ids: readonly string[]): Promise<RequestRecord | null> {
  for (const id of ids) {
    const record = await store.find(id);
    if (record !== null) return record;
  }
  return null;
}
