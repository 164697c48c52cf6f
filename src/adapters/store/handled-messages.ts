import type { HandledMessages } from '#core/ports/handled-messages.js';
import type { StoreContext } from './context.js';
import type { HeaderBlock } from './rows.js';
import { fromBlob, toBlob } from './rows.js';

type RememberedHeaders = HeaderBlock & { readonly messageId: string };

export function createHandledMessages({ commits, clock }: StoreContext): HandledMessages {
  return {
    begin: (queue, messageId) =>
      commits.run(async (tx) => {
        const row = await tx
          .insertInto('handled')
          .values({
            queue,
            message_id: messageId,
            deliveries: 1,
            headers: null,
            body: null,
            updated_at: clock.now(),
          })
          .onConflict((conflict) =>
            conflict.columns(['queue', 'message_id']).doUpdateSet((eb) => ({
              deliveries: eb('handled.deliveries', '+', 1),
              updated_at: clock.now(),
            })),
          )
          .returning(['deliveries', 'headers', 'body'])
          .executeTakeFirstOrThrow();
        const reply =
          row.headers === null || row.body === null
            ? null
            : { ...fromBlob<RememberedHeaders>(row.headers), body: row.body };
        return { deliveries: row.deliveries, reply };
      }),

    remember: (queue, messageId, { messageId: replyId, contentType, properties, applicationHeaders, body }) =>
      commits.run(async (tx) => {
        const headers: RememberedHeaders = {
          messageId: replyId,
          contentType,
          properties,
          applicationHeaders,
        };
        await tx
          .updateTable('handled')
          .set({ headers: toBlob(headers), body: Buffer.from(body), updated_at: clock.now() })
          .where('queue', '=', queue)
          .where('message_id', '=', messageId)
          .execute();
      }),

    forget: (queue, messageId) =>
      commits.run(async (tx) => {
        await tx
          .deleteFrom('handled')
          .where('queue', '=', queue)
          .where('message_id', '=', messageId)
          .execute();
      }),
  };
}
