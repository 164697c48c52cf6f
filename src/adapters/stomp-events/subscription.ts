import type { EventSink, EventSubscription, FeedEvent } from '#core/ports/event-feeds.js';
import type { EventGap } from '#core/status-event.js';
import type { Session } from '#adapters/stomp-server/frame-handler.js';
import { eventFrame, gapFrame } from './event-frames.js';
import type { SubscribeRequest } from './subscribe-frame.js';

/** One subscription of a client. What its socket has no room for stays with it as it is, unencoded and not copied. */
export interface Subscription {
  readonly sink: EventSink<FeedEvent>;
  /** Where its events come from, once that is known; before it nothing is written. */
  attach(source: EventSubscription): void;
  /** Goes on where there was no room. */
  proceed(): void;
  close(): void;
}

export interface SubscriptionOptions {
  readonly session: Session;
  readonly request: Pick<SubscribeRequest, 'id' | 'destination'>;
  /** It has no room, and wants `proceed` to be called when there is. */
  readonly onWaiting: (subscription: Subscription) => void;
  /** Nothing more will come. */
  readonly onLost: () => void;
}

export function createSubscription(options: SubscriptionOptions): Subscription {
  const { session } = options;
  const addressee = { ...options.request, version: session.version };
  let source: EventSubscription | undefined;
  let gaps: EventGap[] = [];
  let unsent: readonly FeedEvent[] = [];
  let sent = 0;
  let owesResume = false;
  let isOpen = true;

  function writeGaps(): void {
    for (const gap of gaps) session.send(gapFrame(addressee, gap));
    gaps = [];
  }

  /** Writes what there is room for; false: there is no room for more. */
  function write(): boolean {
    if (source === undefined) return false;
    for (;;) {
      if (session.isBehind()) return false;
      const event = unsent[sent];
      if (event === undefined) {
        unsent = [];
        return true;
      }
      sent += 1;
      session.send(eventFrame(addressee, event));
    }
  }

  function proceed(): void {
    if (!isOpen || !owesResume) return;
    if (write()) {
      owesResume = false;
      source?.resume();
    } else {
      options.onWaiting(subscription);
    }
  }

  const subscription: Subscription = {
    sink: {
      deliver(events) {
        if (!isOpen) return true;
        unsent = events;
        sent = 0;
        if (write()) return true;
        owesResume = true;
        if (source !== undefined) options.onWaiting(subscription);
        return false;
      },
      gap(from, to) {
        if (!isOpen) return;
        gaps.push({ from, to });
        if (source !== undefined) writeGaps();
      },
      end() {
        if (isOpen) options.onLost();
      },
    },
    attach(given) {
      source = given;
      if (isOpen) {
        writeGaps();
        proceed();
      } else {
        given.close();
      }
    },
    proceed,
    close() {
      if (!isOpen) return;
      isOpen = false;
      unsent = [];
      source?.close();
    },
  };
  return subscription;
}
