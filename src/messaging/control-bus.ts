/**
 * Control Bus (https://www.enterpriseintegrationpatterns.com/ControlBus.html): notices among the processes of one
 * deployment on the topic `{prefix}.control`, as JSON. They are transient: nothing depends on one arriving.
 */
import type { Destination } from '#core/destination.js';
import type { Subscription } from '#core/ports/message-source.js';
import type { NoticeTopicOptions } from './notice-topic.js';
import { createNoticeTopic } from './notice-topic.js';

export type ControlNotice =
  /** Somebody cancelled the request: a service may stop working on it. */
  | { readonly type: 'cancel'; readonly requestId: string }
  /** A gateway of this store is about to take replies. */
  | { readonly type: 'hello'; readonly storeId: string; readonly instance: string }
  /** A gateway of this store was taking replies already. */
  | { readonly type: 'welcome'; readonly storeId: string; readonly instance: string };

export interface ControlBusOptions extends NoticeTopicOptions {
  readonly topic: Destination;
}

export interface ControlBus {
  /** Rejects when the broker did not confirm; the notice is then lost. */
  publish(notice: ControlNotice): Promise<void>;
  subscribe(onNotice: (notice: ControlNotice) => void): Promise<Subscription>;
}

export function createControlBus({ topic, ...options }: ControlBusOptions): ControlBus {
  const notices = createNoticeTopic(options, readNotice);
  return {
    publish: (notice) => notices.publish(topic, notice),
    subscribe: (onNotice) => notices.subscribe(topic, onNotice),
  };
}

function readNotice(value: Readonly<Record<string, unknown>>): ControlNotice | undefined {
  const { type, requestId, storeId, instance } = value;
  if (type === 'cancel') return typeof requestId === 'string' ? { type, requestId } : undefined;
  if (type !== 'hello' && type !== 'welcome') return undefined;
  if (typeof storeId !== 'string' || typeof instance !== 'string') return undefined;
  return { type, storeId, instance };
}
