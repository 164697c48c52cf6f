import { createDeferred } from '#core/deferred.js';
import type { Destination } from '#core/destination.js';
import type { ErrorCode } from '#core/error-kinds.js';
import { ReplytoError } from '#core/errors.js';
import type { Message } from '#core/message.js';
import type { Delivery, MessageSource, SubscribeOptions } from '#core/ports/message-source.js';

export interface FakeDelivery extends Delivery {
  /** Whether it was acknowledged while its connection was there. */
  readonly isAcknowledged: boolean;
}

type DeliveryParts = Partial<Pick<Delivery, 'brokerId' | 'headers' | 'redelivered'>>;

/** A source without a broker: the test delivers. */
export interface FakeSource extends MessageSource {
  /**
   * Hands a message to the subscriber of this destination.
   *
   * @throws Error when nobody has subscribed.
   */
  deliver(name: string, message: Message, parts?: DeliveryParts): FakeDelivery;
  /** The connections end and come back: what is not acknowledged can no longer be. */
  reconnect(): void;
  /** The next subscriptions fail with this code; undefined = they work again. */
  refuse(code: ErrorCode | undefined): void;
  /** The next subscriptions are made when the returned function is called. */
  hold(): () => void;
  /** Prefetch of the present subscriptions of this destination. */
  prefetches(name: string): readonly number[];
  /** Present subscriptions. */
  readonly subscriptions: number;
  /** Subscriptions ever made. */
  readonly subscribed: number;
}

interface FakeSubscription extends SubscribeOptions {
  readonly destination: Destination;
}

export function createFakeSource(): FakeSource {
  const present = new Set<FakeSubscription>();
  let refusal: ErrorCode | undefined;
  let subscribed = 0;
  let connection = 0;
  let held = createDeferred<undefined>();
  held.resolve(undefined);

  const of = (name: string): FakeSubscription[] =>
    [...present].filter(({ destination }) => destination.name === name);

  return {
    subscribe(destination, options) {
      if (refusal !== undefined) return Promise.reject(new ReplytoError(refusal));
      const subscription: FakeSubscription = { ...options, destination };
      const givenUp = createDeferred<undefined>();
      const giveUp = (): void => givenUp.reject(new ReplytoError('BROKER_UNAVAILABLE'));
      options.giveUp?.addEventListener('abort', giveUp);
      return Promise.race([held.promise, givenUp.promise]).then(() => {
        options.giveUp?.removeEventListener('abort', giveUp);
        present.add(subscription);
        subscribed += 1;
        return {
          unsubscribe: () => {
            present.delete(subscription);
            return Promise.resolve();
          },
        };
      });
    },
    deliver(name, message, parts = {}) {
      const subscription = of(name).at(-1);
      if (subscription === undefined) throw new Error(`nobody has subscribed to ${name}`);
      const broughtBy = connection;
      let isAcknowledged = false;
      const delivery: FakeDelivery = {
        message,
        headers: { 'message-id': message.messageId },
        brokerId: null,
        redelivered: false,
        ...parts,
        destination: subscription.destination,
        acknowledge() {
          if (broughtBy !== connection || !present.has(subscription)) return false;
          isAcknowledged = true;
          return true;
        },
        get isAcknowledged() {
          return isAcknowledged;
        },
      };
      subscription.onDelivery(delivery);
      return delivery;
    },
    reconnect: () => void (connection += 1),
    hold() {
      held = createDeferred();
      return () => held.resolve(undefined);
    },
    refuse: (code) => void (refusal = code),
    prefetches: (name) => of(name).map(({ prefetch }) => prefetch),
    get subscriptions() {
      return present.size;
    },
    get subscribed() {
      return subscribed;
    },
  };
}
