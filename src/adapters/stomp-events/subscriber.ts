/**
 * Publish-Subscribe Channel (https://www.enterpriseintegrationpatterns.com/PublishSubscribeChannel.html) for one STOMP client
 * that only listens: SUBSCRIBE and UNSUBSCRIBE over a port of events. Guarantee: a receipt of SUBSCRIBE means that every event
 * from then on is heard, in order; a client that comes back with `after` has missed nothing. Back-pressure: a client that
 * does not read gets nothing more from the source until it does. Failure of the source: the connection is ended, so that the
 * client resumes.
 */
import type { EventFeeds } from '#core/ports/event-feeds.js';
import type { FrameHandler, Session } from '#adapters/stomp-server/frame-handler.js';
import type { Frame } from '#adapters/stomp-server/frame.js';
import { required } from '#adapters/stomp-server/header-checks.js';
import { protocolFault, refusal } from '#adapters/stomp-server/refusal.js';
import { toSubscribeRefusal } from './refusals.js';
import { parseSubscribe } from './subscribe-frame.js';
import type { SubscribeRequest } from './subscribe-frame.js';
import { createSubscription } from './subscription.js';
import type { Subscription } from './subscription.js';

export interface SubscriberOptions {
  readonly session: Session;
  readonly feeds: EventFeeds;
  /** Subscriptions at the same time, those included that are only being made or undone. */
  readonly mostSubscriptions: number;
  /** False: the end of events is that of the process, and nothing to complain of. */
  readonly isServing: () => boolean;
}

export function createSubscriber(options: SubscriberOptions): FrameHandler {
  const { session, feeds, mostSubscriptions } = options;
  const byId = new Map<string, Subscription>();
  /** In the order in which they go on, so that one with much to tell does not keep others waiting for good. */
  const waiting = new Set<Subscription>();
  /** Whose source is not there yet. */
  const opening = new Set<Subscription>();
  /** Of them those that were ended meanwhile: they are work all the same. */
  const undone = new Set<Subscription>();

  function lost(): void {
    if (!options.isServing()) {
      session.close();
      return;
    }
    session.fail(
      protocolFault(
        'events cannot be read',
        'Connect again, and subscribe with the header after: the number of the last event that came.',
      ),
    );
  }

  function subscribe({ headers }: Frame): Promise<void> {
    const request = parseSubscribe(headers);
    if (byId.has(request.id)) {
      throw refusal(
        `id '${request.id.slice(0, 100)}' in use`,
        'Each subscription of a connection has its own id.',
      );
    }
    if (byId.size + undone.size >= mostSubscriptions) {
      throw protocolFault(
        'too many subscriptions',
        `A connection may have ${mostSubscriptions} subscriptions; another connection may have more.`,
      );
    }
    const subscription = createSubscription({
      ...{ session, request, onLost: lost },
      onWaiting: (which) => void waiting.add(which),
    });
    byId.set(request.id, subscription);
    opening.add(subscription);
    return open(request, subscription);
  }

  async function open(request: SubscribeRequest, subscription: Subscription): Promise<void> {
    const { id, destination, topic, after, filter } = request;
    const query = { after, filter, sink: subscription.sink };
    try {
      const source = await (topic.of === 'project'
        ? feeds.ofProject(topic.name, query)
        : feeds.ofRequest(topic.name, query));
      // In a later turn, so that the receipt is written before what may wait already.
      setImmediate(() => subscription.attach(source));
    } catch (error) {
      if (byId.get(id) === subscription) end(id, subscription);
      throw toSubscribeRefusal(error, destination);
    } finally {
      opening.delete(subscription);
      undone.delete(subscription);
    }
  }

  function unsubscribe({ headers }: Frame): void {
    const id = required(headers, 'id');
    const subscription = byId.get(id);
    if (subscription === undefined) {
      throw refusal(
        `id '${id.slice(0, 100)}' unknown`,
        'UNSUBSCRIBE names the id of a SUBSCRIBE of this connection.',
      );
    }
    end(id, subscription);
  }

  function end(id: string, subscription: Subscription): void {
    byId.delete(id);
    waiting.delete(subscription);
    if (opening.has(subscription)) undone.add(subscription);
    subscription.close();
  }

  return {
    handle(frame) {
      if (frame.command === 'SUBSCRIBE') return subscribe(frame);
      if (frame.command === 'UNSUBSCRIBE') {
        unsubscribe(frame);
        return undefined;
      }
      throw refusal(
        `${frame.command} is not offered`,
        'Here one may SUBSCRIBE, UNSUBSCRIBE and DISCONNECT. POST /status/{project} publishes an event, POST /requests/{queue} sends a request.',
      );
    },
    writable() {
      if (waiting.size === 0 || session.isBehind()) return;
      for (const subscription of [...waiting]) {
        if (session.isBehind()) return;
        waiting.delete(subscription);
        subscription.proceed();
      }
    },
    closed() {
      for (const [id, subscription] of [...byId]) end(id, subscription);
    },
  };
}
