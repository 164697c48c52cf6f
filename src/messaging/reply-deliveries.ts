/**
 * Deliveries of a reply to queues that were not named when the request was posted. Guarantee: that of every delivery of
 * the outbox relay, at least once and with a receipt.
 */
import { ReplytoError, toProblem } from '#core/errors.js';
import type { DeliveryRecord, Outbox, WantedDelivery } from '#core/ports/outbox.js';

export interface ReplyDeliveriesOptions {
  readonly outbox: Pick<Outbox, 'deliver' | 'deliveriesOf'>;
  /** Called after a commit that queued a delivery. */
  readonly onForward: () => void;
}

export interface ReplyDeliveries {
  /** In the order in which they were queued; null when the request is unknown. */
  of(requestId: string): Promise<readonly DeliveryRecord[] | null>;
  /**
   * Null when the request is unknown; `added` false when the same was under way already.
   *
   * @throws REQUEST_CANCELLED, NO_REPLY_ADDRESS when no reply comes any more; TOO_MANY_DELIVERIES; INVALID_REQUEST
   */
  add(
    wanted: Omit<WantedDelivery, 'most'>,
  ): Promise<{ readonly delivery: DeliveryRecord; readonly added: boolean } | null>;
}

/** All are kept as long as the request is. */
const mostDeliveries = 100;

export function createReplyDeliveries({ outbox, onForward }: ReplyDeliveriesOptions): ReplyDeliveries {
  return {
    of: (requestId) => outbox.deliveriesOf(requestId),
    async add(wanted) {
      const { requestId, replyNumber } = wanted;
      const outcome = await outbox.deliver({ ...wanted, most: mostDeliveries });
      switch (outcome.kind) {
        case 'added':
          onForward();
          return { delivery: outcome.delivery, added: true };
        case 'known':
          return { delivery: outcome.delivery, added: false };
        case 'unknown':
          return null;
        case 'no-such-reply': {
          const allowed = outcome.replies === 0 ? '1; no reply has come yet' : `1 to ${outcome.replies}`;
          throw new ReplytoError('INVALID_REQUEST', {
            problems: [toProblem('n', replyNumber, allowed)],
            requestId,
          });
        }
        case 'none-to-come':
          throw new ReplytoError(outcome.isCancelled ? 'REQUEST_CANCELLED' : 'NO_REPLY_ADDRESS', {
            requestId,
          });
        case 'full':
          throw new ReplytoError('TOO_MANY_DELIVERIES', {
            detail: `${mostDeliveries} deliveries of one request are kept at most`,
            requestId,
          });
      }
    },
  };
}
