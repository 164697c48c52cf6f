/**
 * Control Bus (https://www.enterpriseintegrationpatterns.com/ControlBus.html): notices among the processes of one
 * deployment on the topic `{prefix}.control`, as JSON. They are transient: nothing depends on one arriving.
 */
import type { Destination } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { MessageSource, Subscription } from '#core/ports/message-source.js';
import { toContents } from './contents.js';

export type ControlNotice =
  /** Somebody cancelled the request: a service may stop working on it. */
  | { readonly type: 'cancel'; readonly requestId: string }
  /** A gateway of this store is about to take replies. */
  | { readonly type: 'hello'; readonly storeId: string; readonly instance: string }
  /** A gateway of this store was taking replies already. */
  | { readonly type: 'welcome'; readonly storeId: string; readonly instance: string };

export interface ControlBusOptions {
  readonly channel: MessageChannel;
  readonly source: MessageSource;
  readonly topic: Destination;
  readonly clock: Clock;
  readonly newId: IdSource;
}

export interface ControlBus {
  /** Rejects when the broker did not confirm; the notice is then lost. */
  publish(notice: ControlNotice): Promise<void>;
  subscribe(onNotice: (notice: ControlNotice) => void): Promise<Subscription>;
}

/** Notices are small and seldom; the prefetch only has to be large enough. */
const prefetch = 100;

export function createControlBus({ channel, source, topic, clock, newId }: ControlBusOptions): ControlBus {
  return {
    publish(notice) {
      const { body, contentType } = toContents(notice);
      return channel.publish(topic, {
        messageId: newId(),
        correlationId: null,
        replyTo: null,
        time: clock.now(),
        contentType,
        body,
        properties: {},
        applicationHeaders: {},
      });
    },
    subscribe: (onNotice) =>
      source.subscribe(topic, {
        prefetch,
        onDelivery: (delivery) => {
          const notice = readNotice(delivery.message.body);
          delivery.acknowledge();
          if (notice !== undefined) onNotice(notice);
        },
      }),
  };
}

/** Undefined for what is no notice, or one of a later version. */
function readNotice(body: Uint8Array): ControlNotice | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  const { type } = value;
  if (type === 'cancel')
    return 'requestId' in value && typeof value.requestId === 'string'
      ? { type, requestId: value.requestId }
      : undefined;
  if (type !== 'hello' && type !== 'welcome') return undefined;
  if (!('storeId' in value) || typeof value.storeId !== 'string') return undefined;
  if (!('instance' in value) || typeof value.instance !== 'string') return undefined;
  return { type, storeId: value.storeId, instance: value.instance };
}
