import type { StoreContext, Tx } from './context.js';
import type { RecordRow } from './rows.js';

/** For whoever made the change to look at it; a process that dies before it does is noticed by others after that. */
const dueAfterMs = 1_000;

/** In the transaction that ends requests: tells whoever gathers replies of the children among them. */
export async function noteEnded(
  tx: Tx,
  context: StoreContext,
  ended: readonly Pick<RecordRow, 'parent_id'>[],
): Promise<void> {
  const parents = ended.flatMap(({ parent_id: parentId }) => (parentId === null ? [] : [parentId]));
  if (parents.length > 0) await noteNews(tx, context, parents);
}

/** Something has happened to these requests to several queues, or to children of theirs. */
export async function noteNews(tx: Tx, { clock }: StoreContext, parentIds: readonly string[]): Promise<void> {
  const dueAt = clock.now() + dueAfterMs;
  await tx
    .insertInto('gathering_news')
    .values(parentIds.map((id) => ({ parent_id: id, due_at: dueAt })))
    .execute();
}
