/**
 * What subscribers other than HTTP follow: the same hub and the same history as the event streams, with the rights of who
 * opened the connection, and out of the same places as the event streams of projects.
 */
import { ReplytoError } from '#core/errors.js';
import { isMessageId } from '#core/message.js';
import type { EventFeeds, EventSubscription, FeedQuery } from '#core/ports/event-feeds.js';
import { isVisibleTo } from '#core/request.js';
import type { NumberedEvent } from '#core/status-event.js';
import type { GatewayContext } from '../context.js';
import { requestNotFound } from '../known-request.js';
import type { Principal } from '../principal.js';
import { followRequest, readEventsBehind } from '../request-following.js';
import { refuseFuture } from './position.js';
import { refuseForeignProject } from './project.js';

type Context = Pick<
  GatewayContext,
  'store' | 'history' | 'events' | 'hub' | 'watch' | 'followerPlaces' | 'isStopping' | 'logger'
>;

const positionName = 'after';

export function createEventFeeds(context: Context, principal: Principal): EventFeeds {
  const { store, events, hub, followerPlaces } = context;

  /** Takes a place for as long as the subscription lasts. */
  async function inPlace(
    begin: (giveBack: () => void) => Promise<EventSubscription>,
  ): Promise<EventSubscription> {
    if (context.isStopping()) throw new ReplytoError('SHUTTING_DOWN');
    const refusal = followerPlaces.refusal(principal.name);
    if (refusal !== null) throw new ReplytoError('TOO_MANY_WAITING', { detail: refusal });
    const giveBack = followerPlaces.take(principal.name);
    try {
      const subscription = await begin(giveBack);
      return {
        resume: () => subscription.resume(),
        close() {
          subscription.close();
          giveBack();
        },
      };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** `onEnd`: nothing more will come. */
  function followHistory(
    id: string,
    { after = 0, filter, sink }: FeedQuery,
    onEnd: () => void,
  ): EventSubscription {
    const closed = new AbortController();
    let resume = (): void => undefined;

    function deliver(event: NumberedEvent): Promise<void> | undefined {
      if (sink.deliver([event])) return undefined;
      return new Promise((resolve) => (resume = resolve));
    }

    const isOpen = (): boolean => !closed.signal.aborted;
    followRequest(context, id, { after, filter, signal: closed.signal, isOpen, deliver })
      .catch((error: unknown) => {
        context.logger.warn({ err: error, requestId: id }, 'a subscription was ended');
        if (isOpen()) sink.end();
      })
      .finally(onEnd);
    return {
      resume: () => resume(),
      close() {
        closed.abort();
        resume();
      },
    };
  }

  return {
    async ofProject(project, { after, filter, sink }) {
      refuseForeignProject(principal, 'destination', project);
      return inPlace(async () => {
        // The end as it is now, and not when the hub looks: whoever is told that it has subscribed misses nothing.
        const last = await events.last(project);
        refuseFuture({ after, positionName }, last);
        return hub.subscribe(project, { after: after ?? last, filter, sink });
      });
    },
    async ofRequest(id, query) {
      return inPlace(async (giveBack) => {
        const record = isMessageId(id) ? await store.find(id) : null;
        if (record === null || !isVisibleTo(principal.name, record)) throw requestNotFound(id);
        await readEventsBehind(store, id, { after: query.after, positionName }, 1);
        // STOMP has no word for the end of a subscription: that of an ended request stays, and takes nobody's place.
        return followHistory(id, query, giveBack);
      });
    },
  };
}
