import type { StoreContext, Tx } from './context.js';
import type { RecordRow } from './rows.js';

/** For whoever made the change to look at it; a process that dies before it does is noticed by others after that. */
const dueAfterMs = 1_000;

/** In the transaction that ends requests: tells whoever gathers replies of those that are its business. */
export async function noteEnded(
  tx: Tx,
  { clock }: StoreContext,
  ended: readonly Pick<RecordRow, 'id' | 'parent_id' | 'children'>[],
): Promise<void> {
  const news = ended.flatMap(({ id, parent_id: parentId, children }) => {
    const about = children > 0 ? id : parentId;
    return about === null ? [] : [{ parent_id: about, due_at: clock.now() + dueAfterMs }];
  });
  if (news.length > 0) await tx.insertInto('gathering_news').values(news).execute();
}
