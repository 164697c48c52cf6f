/** JSON on a topic of the product itself, transient: nothing depends on one arriving. */
import type { Destination } from '#core/destination.js';
import type { Clock } from '#core/ports/clock.js';
import type { IdSource } from '#core/ports/id-source.js';
import type { MessageChannel } from '#core/ports/message-channel.js';
import type { MessageSource, Subscription } from '#core/ports/message-source.js';
import { toContents } from './contents.js';

export interface NoticeTopicOptions {
  readonly channel: MessageChannel;
  readonly source: MessageSource;
  readonly clock: Clock;
  readonly newId: IdSource;
}

export interface NoticeTopic<Notice> {
  /** Rejects when the broker did not confirm; the notice is then lost. */
  publish(topic: Destination, notice: Notice): Promise<void>;
  /** Passes over what cannot be read. */
  subscribe(topic: Destination, onNotice: (notice: Notice) => void): Promise<Subscription>;
  /** The same for as long as a part of the program lives. */
  listener(topic: Destination, onNotice: (notice: Notice) => void): NoticeListener;
}

interface NoticeListener {
  /** Resolves when notices are heard, which needs the broker; when it was stopped before, when that is over. */
  start(): Promise<void>;
  /** Also while it starts. */
  stop(deadlineMs: number): Promise<void>;
}

/** Notices are small and seldom; the prefetch only has to be large enough. */
const prefetch = 100;

/** @param read undefined for what is no notice, or one of a later version */
export function createNoticeTopic<Notice extends object>(
  { channel, source, clock, newId }: NoticeTopicOptions,
  read: (value: Readonly<Record<string, unknown>>) => Notice | undefined,
): NoticeTopic<Notice> {
  function subscribe(topic: Destination, onNotice: (notice: Notice) => void): Promise<Subscription> {
    return source.subscribe(topic, {
      prefetch,
      onDelivery: (delivery) => {
        const value = parse(delivery.message.body);
        delivery.acknowledge();
        const notice = value === undefined ? undefined : read(value);
        if (notice !== undefined) onNotice(notice);
      },
    });
  }

  return {
    publish(topic, notice) {
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
    subscribe,
    listener(topic, onNotice) {
      let subscription: Subscription | undefined;
      let isStopped = false;
      /** A function, because stop() may have been called during an await. */
      const hasStopped = (): boolean => isStopped;
      return {
        async start() {
          subscription = await subscribe(topic, onNotice);
          if (hasStopped()) await subscription.unsubscribe();
        },
        async stop(deadlineMs) {
          isStopped = true;
          await subscription?.unsubscribe(deadlineMs);
        },
      };
    },
  };
}

function parse(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
