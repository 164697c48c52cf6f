import type { RequestStore } from '#core/ports/request-store.js';
import type { StoreContext } from './context.js';

/**
 * Removes what nobody asks for any more, in small batches: ended requests with all that belongs to them once
 * nothing of them waits in the outbox, unmatched replies, and the memory of idempotent receivers. Dead letters
 * and invalid messages stay until a person decides. `sweep` returns the largest of the three batches, so that
 * a full one tells that more waits, whatever it was full of.
 */
export function createRetention(context: StoreContext, finalMs: number): Pick<RequestStore, 'sweep'> {
  return {
    sweep: (limit) =>
      context.commits.run(async (tx) => {
        const before = context.clock.now() - finalMs;
        const old = await tx
          .selectFrom('requests')
          .select('seq')
          .where('final_at', '<=', before)
          .where('seq', 'not in', (eb) =>
            eb.selectFrom('outbox').select('request_seq').where('status', '=', 'waiting'),
          )
          .orderBy('final_at')
          .limit(limit)
          .execute();
        if (old.length > 0) {
          await tx
            .deleteFrom('requests')
            .where(
              'seq',
              'in',
              old.map(({ seq }) => seq),
            )
            .execute();
        }
        const unmatched = await tx
          .deleteFrom('dead_letters')
          .where('seq', 'in', (eb) =>
            eb
              .selectFrom('dead_letters')
              .select('seq')
              .where('kind', '=', 'unmatched-reply')
              .where('received_at', '<=', before)
              .limit(limit),
          )
          .executeTakeFirstOrThrow();
        const handled = await tx
          .selectFrom('handled')
          .select(['queue', 'message_id'])
          .where('updated_at', '<=', before)
          .orderBy('updated_at')
          .limit(limit)
          .execute();
        for (const { queue, message_id } of handled) {
          await tx
            .deleteFrom('handled')
            .where('queue', '=', queue)
            .where('message_id', '=', message_id)
            .execute();
        }
        return Math.max(old.length, Number(unmatched.numDeletedRows), handled.length);
      }),
  };
}
